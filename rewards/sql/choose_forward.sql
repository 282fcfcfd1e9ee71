-- In: fund, line, now, how many. Chooses what is still owed, by earning day, then key, as far as the line's money goes;
-- the last in part. A key's maturity is fixed with its first line: end of the earning day plus the program's hold.
INSERT INTO accrual (target_id, program, creator, day, currency, amount, matures_at, pot, part)
SELECT id, program, creator, day, currency, least(owed, money - before), matures_at,
    CASE WHEN matures_at <= :now THEN 'available' ELSE 'pending' END,
    dense_rank() OVER (PARTITION BY program, day ORDER BY creator) / 5000
FROM (
    SELECT waiting.*, (sum(owed) OVER (ORDER BY day, key, id))::numeric - owed AS before
    FROM (
        SELECT t.id, t.program, t.creator, t.day, t.key, p.currency, t.target - t.posted AS owed, m.money,
            coalesce(t.matures_at, (t.day + 1 + p.hold_days)::timestamptz) AS matures_at
        FROM (
            SELECT -b.balance AS money FROM account a JOIN balance b ON b.account_id = a.id
            WHERE a.code = 'liabilities:fund:' || :fund || '\:line\:' || :line AND b.balance < 0
        ) m
        CROSS JOIN program p JOIN reward_target t ON t.program = p.id
        WHERE p.fund = :fund AND p.line = :line AND t.target <> t.posted AND t.target > t.posted
        ORDER BY t.day, t.key, t.id LIMIT :limit
    ) waiting
) running
WHERE before < money
