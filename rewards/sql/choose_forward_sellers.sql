-- In: now, how many a seller. The same for sellers who pay for themselves: first come, first served from the balance.
WITH payer AS (
    SELECT s.id, a.code, a.currency, -b.balance AS money
    FROM (SELECT DISTINCT seller AS id FROM reward_target WHERE due <> posted AND seller IS NOT NULL) s
    JOIN account a ON a.code = 'liabilities:seller:' || s.id || '\:balance'
    JOIN balance b ON b.account_id = a.id AND b.balance < 0
)
INSERT INTO accrual (target_id, program, creator, day, currency, source, amount, cut, matures_at, pot, part)
SELECT id, program, creator, day, currency, code, least(owed, money - before), 0, matures_at,
    CASE WHEN matures_at <= :now THEN 'available' ELSE 'pending' END,
    dense_rank() OVER (PARTITION BY program, day ORDER BY creator) / 5000
FROM (
    SELECT payer.code, payer.currency, payer.money, running.*
    FROM payer CROSS JOIN LATERAL (
        SELECT waiting.*, (sum(owed) OVER (ORDER BY day, key, rule_id))::numeric - owed AS before
        FROM (
            SELECT t.id, t.program, t.creator, t.day, t.key, t.rule_id, t.due - t.posted AS owed,
                coalesce(t.matures_at, (t.day + 1 + p.hold_days)::timestamptz) AS matures_at
            FROM reward_target t JOIN program p ON p.id = t.program AND p.currency = payer.currency
            WHERE t.seller = payer.id AND t.due <> t.posted AND t.due > t.posted
            ORDER BY t.day, t.key, t.rule_id LIMIT :limit
        ) waiting
    ) running
) chosen
WHERE before < money
