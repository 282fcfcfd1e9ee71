-- In: now, how many a line. Chooses what waits on lines that hold something, by earning day, then key, as far as the
-- line's money goes; the last in part. A key's maturity is fixed with its first line: end of the earning day plus the
-- program's hold.
WITH line AS (
    SELECT l.fund, l.id AS line, f.currency, a.code, -b.balance AS money
    FROM fund_line l JOIN fund f ON f.id = l.fund
    JOIN account a ON a.code = 'liabilities:fund:' || l.fund || '\:line\:' || l.id AND a.currency = f.currency
    JOIN balance b ON b.account_id = a.id AND b.balance < 0
)
INSERT INTO accrual (target_id, program, creator, day, currency, source, amount, cut, matures_at, pot, part)
SELECT id, program, creator, day, currency, code, least(owed, money - before), 0, matures_at,
    CASE WHEN matures_at <= :now THEN 'available' ELSE 'pending' END,
    dense_rank() OVER (PARTITION BY program, day ORDER BY creator) / 5000
FROM line CROSS JOIN LATERAL (
    SELECT waiting.*, (sum(owed) OVER (ORDER BY day, key, rule_id))::numeric - owed AS before
    FROM (
        SELECT t.id, t.program, t.creator, t.day, t.key, t.rule_id, t.due - t.posted AS owed,
            coalesce(t.matures_at, (t.day + 1 + p.hold_days)::timestamptz) AS matures_at
        FROM program p JOIN reward_target t ON t.program = p.id
        JOIN rule r ON r.id = t.rule_id AND r.on_shortfall = 'wait'
        WHERE p.fund = line.fund AND p.line = line.line AND t.due <> t.posted AND t.due > t.posted
        ORDER BY t.day, t.key, t.rule_id LIMIT :limit
    ) waiting
) running
WHERE before < money
