-- In: a content and a day. Out: what its creator was given for figures of that day that this content's touches are in,
-- oldest first. It only reads.
SELECT w.id, w.recorded_at, w.program, r.name AS rule, r.grain, w.creator, t.content, w.amount, w.currency, w.released_at
FROM content c
JOIN reward_target t ON t.creator = c.creator AND t.day = :day
JOIN rule r ON r.id = t.rule_id
JOIN reward w ON w.target_id = t.id
WHERE c.id = :content AND t.purchase_id IS NULL
    AND (r.grain = 'content_day' AND t.content = c.id OR r.grain = 'creator_day')
ORDER BY w.id
