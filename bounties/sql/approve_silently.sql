-- In: claims (their bounties locked), now, today. They are approved as a seller would have done it. Out: what each is paid
-- and what its slot no longer needs, with the bounty's money counted. The caller posts it in this transaction.
WITH paid AS (
    UPDATE claim c SET state = 'approved', due_at = NULL, decided_at = :now, ended_at = :now, updated_at = :now,
        price = b.price, fee = b.fee,
        bonus_state = CASE WHEN b.bonus_max > 0 THEN 'waiting' ELSE 'none' END,
        bonus_from = CASE WHEN b.bonus_max > 0 THEN CAST(:today AS date) + 1 END,
        bonus_until = CASE WHEN b.bonus_max > 0 THEN CAST(:today AS date) + b.bonus_days END
    FROM bounty b WHERE b.id = c.bounty_id AND c.id = ANY (:claims) AND c.state = 'submitted'
    RETURNING c.id, c.bounty_id, c.creator, c.price, c.fee
), noted AS (
    INSERT INTO claim_move (claim_id, verb, who, state, at) SELECT id, 'approve', 'time', 'approved', :now FROM paid
), counted AS (
    UPDATE bounty b SET released = b.released + p.released
    FROM (SELECT bounty_id, sum(price + fee)::bigint AS released FROM paid GROUP BY bounty_id) p WHERE p.bounty_id = b.id
)
SELECT p.*, b.currency, b.created_at FROM paid p JOIN bounty b ON b.id = p.bounty_id
