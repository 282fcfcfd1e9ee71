-- In: bounties (locked), now, limit. Rejections of theirs that nobody disputed in time are final. Out: how many of each
-- bounty. A repeat finds none of them due.
WITH due AS (
    SELECT id FROM claim WHERE bounty_id = ANY (:bounties) AND due_at <= :now AND state = 'rejected' LIMIT :limit
), ended AS (
    UPDATE claim c SET due_at = NULL, ended_at = :now, updated_at = :now
    FROM due WHERE c.id = due.id AND c.state = 'rejected'
    RETURNING c.id, c.bounty_id
)
SELECT bounty_id, count(*) AS n FROM ended GROUP BY bounty_id
