-- In: a purchase. Out: what it earned, and what its refunds took back, oldest first. It only reads.
SELECT w.id, w.recorded_at, w.program, r.name AS rule, r.grain, w.creator, t.content, w.amount, w.currency, w.released_at
FROM reward_target t
JOIN reward w ON w.target_id = t.id
JOIN rule r ON r.id = t.rule_id
WHERE t.purchase_id = :purchase
ORDER BY w.id
