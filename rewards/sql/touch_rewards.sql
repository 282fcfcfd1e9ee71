-- In: a content and a day. Out: what its creator was given for figures of that day or its month that this content's
-- touches are in, oldest first. It only reads.
SELECT w.id, w.recorded_at, w.program, r.name AS rule, r.grain, w.creator, t.content, w.amount, w.currency, w.released_at
FROM content c
CROSS JOIN (SELECT (date_trunc('month', CAST(:day AS date)) + interval '1 month - 1 day')::date AS last) m
JOIN reward_target t ON t.creator = c.creator AND t.day IN (CAST(:day AS date), m.last)
JOIN rule r ON r.id = t.rule_id
JOIN reward w ON w.target_id = t.id
WHERE c.id = :content AND t.purchase_id IS NULL
    AND (t.day = :day OR r.grain = 'creator_month' OR r.pool_per = 'month')
    AND (t.content IS NULL OR t.content = c.id)
ORDER BY w.id
