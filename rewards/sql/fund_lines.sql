-- In: fund, now. One row a line: its balance (ledger), what it was allocated, what its rules owe and cannot pay yet,
-- what was spent in the last seven days.
SELECT l.id, l.purpose, l.allocation, l.per, l.rollover,
    coalesce(-b.balance, 0) AS balance,
    (SELECT least(9223372036854775807, coalesce(sum(a.given - coalesce(a.returned, 0)), 0)) FROM allocation a WHERE a.fund = l.fund AND a.line = l.id)::bigint AS allocated,
    (SELECT least(9223372036854775807, coalesce(sum(t.due - t.posted), 0)) FROM program p JOIN reward_target t ON t.program = p.id
        WHERE p.fund = l.fund AND p.line = l.id AND t.due <> t.posted AND t.due > t.posted)::bigint AS waiting,
    (SELECT least(9223372036854775807, coalesce(sum(w.amount), 0)) FROM program p JOIN reward w ON w.program = p.id
        WHERE p.fund = l.fund AND p.line = l.id AND w.recorded_at > CAST(:now AS timestamptz) - interval '7 days')::bigint AS last_week
FROM fund_line l JOIN fund f ON f.id = l.fund
LEFT JOIN account c ON c.code = 'liabilities:fund:' || l.fund || '\:line\:' || l.id AND c.currency = f.currency
LEFT JOIN balance b ON b.account_id = c.id
WHERE l.fund = :fund ORDER BY l.id
