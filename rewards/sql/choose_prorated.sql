-- In: now, a rule. Chooses all that the rule owes; what its line cannot pay of it is cut, shared exactly in proportion to
-- what is owed (largest remainder, ties to the earlier key). Nothing while the line is empty.
WITH line AS (
    SELECT p.id AS program, p.currency, p.hold_days, a.code, -b.balance AS money
    FROM rule r JOIN program_version v ON v.id = r.version_id JOIN program p ON p.id = v.program
    JOIN account a ON a.code = 'liabilities:fund:' || p.fund || '\:line\:' || p.line AND a.currency = p.currency
    JOIN balance b ON b.account_id = a.id AND b.balance < 0
    WHERE r.id = :rule
), waiting AS (
    SELECT l.*, t.id, t.creator, t.day, t.key, t.due - t.posted AS owed,
        coalesce(t.matures_at, (t.day + 1 + l.hold_days)::timestamptz) AS matures_at,
        sum(t.due - t.posted) OVER () AS total
    FROM line l JOIN reward_target t ON t.program = l.program
    WHERE t.rule_id = :rule AND t.due <> t.posted AND t.due > t.posted
), parts AS (
    SELECT w.*, CASE WHEN total <= money THEN owed ELSE div(owed::numeric * money, total) END AS part,
        CASE WHEN total <= money THEN 0 ELSE mod(owed::numeric * money, total) END AS remainder
    FROM waiting w
), ranked AS (
    SELECT p.*, row_number() OVER (ORDER BY remainder DESC, day, key, id) AS place, least(total, money) - sum(part) OVER () AS rest
    FROM parts p
)
INSERT INTO accrual (target_id, program, creator, day, currency, source, amount, cut, matures_at, pot, part)
SELECT id, program, creator, day, currency, code, paid, owed - paid, matures_at,
    CASE WHEN matures_at <= :now THEN 'available' ELSE 'pending' END,
    dense_rank() OVER (PARTITION BY program, day ORDER BY creator) / 5000
FROM (SELECT r.*, (part + CASE WHEN place <= rest THEN 1 ELSE 0 END)::bigint AS paid FROM ranked r) shared
