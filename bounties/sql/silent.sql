-- In: bounties (locked), now. Submissions of theirs whose review time is over, and what silence does with each: `reject`
-- (the content is gone), `wait` (a token is missing, or the creator is suspended: a person must decide), else `approve`.
-- Reads only.
SELECT c.id, c.bounty_id, c.creator,
    CASE WHEN k.deleted_at IS NOT NULL THEN 'reject'
        WHEN b.token_required AND c.token IS NULL OR r.status <> 'active' THEN 'wait'
        ELSE 'approve' END AS outcome
FROM claim c JOIN bounty b ON b.id = c.bounty_id JOIN content k ON k.id = c.content JOIN creator r ON r.id = c.creator
WHERE c.bounty_id = ANY (:bounties) AND c.due_at <= :now AND c.state = 'submitted'
ORDER BY c.id LIMIT :limit
