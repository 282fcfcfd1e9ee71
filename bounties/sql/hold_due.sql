-- In: states, now, limit. Out: bounties that have claims due in these states, locked in the order of their keys; one that
-- somebody holds is left for the next look. Reads only.
SELECT b.id FROM bounty b
WHERE b.id IN (
    SELECT DISTINCT d.bounty_id FROM (
        SELECT c.bounty_id FROM claim c
        WHERE c.due_at <= :now AND c.state = ANY (:states) ORDER BY c.due_at LIMIT :limit
    ) d
)
ORDER BY b.id FOR NO KEY UPDATE SKIP LOCKED
