-- In: a fund or null (all), today. Out: one row a line: what its account holds (ledger), what it was allocated less what
-- it gave back, what transfers brought, what a person adjusted by hand, what it granted, what is due and not yet allocated;
-- its present period, and what it had to spend in it: carried over, allocated, transferred, adjusted. Reads only.
WITH line AS (
    SELECT l.*, f.currency, a.id AS account_id, a.code, coalesce(-b.balance, 0) AS balance,
        CASE l.per WHEN 'day' THEN CAST(:today AS date) WHEN 'month' THEN date_trunc('month', CAST(:today AS date))::date
            ELSE l.created_at::date END AS starts_on
    FROM fund_line l JOIN fund f ON f.id = l.fund
    LEFT JOIN account a ON a.code = 'liabilities:fund:' || l.fund || '\:line\:' || l.id AND a.currency = f.currency
    LEFT JOIN balance b ON b.account_id = a.id
    WHERE CAST(:fund AS text) IS NULL OR l.fund = :fund
), given AS (
    SELECT fund, line, sum(given) - coalesce(sum(returned), 0) AS allocated,
        coalesce(sum(due - given) FILTER (WHERE returned IS NULL), 0) AS short
    FROM allocation WHERE CAST(:fund AS text) IS NULL OR fund = :fund
    GROUP BY fund, line
), moved AS (
    SELECT fund, line, sum(amount) AS transferred FROM (
        SELECT fund, target AS line, amount FROM fund_transfer WHERE state = 'done'
        UNION ALL
        SELECT fund, source, -amount FROM fund_transfer WHERE state = 'done'
    ) side GROUP BY fund, line
), granted AS (
    SELECT fund, line, sum(amount) AS granted FROM fund_grant WHERE state = 'done' GROUP BY fund, line
), by_hand AS (
    SELECT leg ->> 0 AS code, j.currency, -sum((leg ->> 1)::numeric) AS adjusted
    FROM adjustment j CROSS JOIN LATERAL jsonb_array_elements(j.postings) leg
    WHERE j.state = 'posted' AND starts_with(leg ->> 0, 'liabilities:fund\:' || coalesce(CAST(:fund AS text) || '\:', ''))
    GROUP BY 1, 2
)
SELECT l.fund, l.id, l.currency, l.purpose, l.allocation, l.per, l.rollover, l.starts_on, l.balance,
    coalesce(g.allocated, 0) AS allocated, coalesce(m.transferred, 0) AS transferred,
    coalesce(h.adjusted, 0) AS adjusted, coalesce(n.granted, 0) AS granted, coalesce(g.short, 0) AS short,
    CASE WHEN l.per = 'once' THEN coalesce(g.allocated, 0) + coalesce(m.transferred, 0) + coalesce(h.adjusted, 0)
        ELSE -coalesce(ledger_balance_on(l.account_id, l.starts_on - 1), 0) - coalesce((
            SELECT sum(p.amount) FROM ledger_versions_on(l.account_id, l.starts_on - 1) v
            JOIN posting p ON p.account_id = l.account_id AND p.version > v.settled AND p.booked_on >= l.starts_on
            JOIN entry e ON e.id = p.entry_id AND e.kind NOT IN ('reward.accrue', 'fund.grant')), 0)
        END AS given
FROM line l
LEFT JOIN given g ON g.fund = l.fund AND g.line = l.id
LEFT JOIN moved m ON m.fund = l.fund AND m.line = l.id
LEFT JOIN granted n ON n.fund = l.fund AND n.line = l.id
LEFT JOIN by_hand h ON h.code = l.code AND h.currency = l.currency
ORDER BY l.fund, l.id
