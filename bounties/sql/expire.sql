-- In: bounties (locked), now, limit. Claims of theirs on which nothing was handed in time expire. Out: how many of each
-- bounty. A repeat finds none of them due.
WITH due AS (
    SELECT id FROM claim
    WHERE bounty_id = ANY (:bounties) AND due_at <= :now AND state IN ('claimed', 'changes_requested') LIMIT :limit
), ended AS (
    UPDATE claim c SET state = 'expired', due_at = NULL, ended_at = :now, updated_at = :now
    FROM due WHERE c.id = due.id AND c.state IN ('claimed', 'changes_requested')
    RETURNING c.id, c.bounty_id
), noted AS (
    INSERT INTO claim_move (claim_id, verb, who, state, at) SELECT id, 'expire', 'time', 'expired', :now FROM ended
)
SELECT bounty_id, count(*) AS n FROM ended GROUP BY bounty_id
