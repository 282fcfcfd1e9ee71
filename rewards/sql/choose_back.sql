-- In: fund, line, now, how many. Chooses what was posted beyond its target; it goes back to the line whole.
INSERT INTO accrual (target_id, program, creator, day, currency, amount, matures_at, pot, part)
SELECT id, program, creator, day, currency, amount, matures_at,
    CASE WHEN matures_at <= :now THEN 'available' ELSE 'pending' END,
    dense_rank() OVER (PARTITION BY program, day ORDER BY creator) / 5000
FROM (
    SELECT t.id, t.program, t.creator, t.day, p.currency, t.target - t.posted AS amount, t.matures_at
    FROM reward_target t JOIN program p ON p.id = t.program
    WHERE p.fund = :fund AND p.line = :line AND t.target <> t.posted AND t.target < t.posted
    ORDER BY t.day, t.key, t.id LIMIT :limit
) back
