-- Out: bounties whose taken slots, released money or held money are not what their claims say: a claim that can still move needs
-- all that a slot may need, an approved one its bonus until that is settled, and while it is open so does each free slot. Reads only.
SELECT 'bounty ' || b.id AS subject,
    concat_ws(', ', 'taken ' || b.taken, 'by claims ' || c.taken, 'released ' || b.released, 'by claims ' || c.released,
        'held ' || b.funded - b.released - b.returned, 'needed ' || n.needs) AS detail
FROM bounty b
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE ended_at IS NULL OR state IN ('approved', 'split')) AS taken,
        count(*) FILTER (WHERE ended_at IS NULL) AS live, count(*) FILTER (WHERE bonus_state = 'waiting') AS waiting,
        coalesce(sum(price + fee + bonus), 0) AS released
    FROM claim WHERE bounty_id = b.id
) c ON true
CROSS JOIN LATERAL (
    SELECT (b.price + b.bonus_max + b.fee) * (c.live + CASE WHEN b.state = 'open' THEN b.slots - b.taken ELSE 0 END)
        + b.bonus_max * c.waiting AS needs
) n
WHERE b.state <> 'draft' AND (b.taken <> c.taken OR b.released <> c.released
    OR b.funded - b.released - b.returned <> n.needs)
