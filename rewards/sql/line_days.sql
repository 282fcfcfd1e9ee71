-- In: a fund or null (all), first and last day. Out: one row a line and day of the books: what the line held, what moved
-- it, what it held at the end; the day of its first posting. What no kind of ours explains is `adjusted`, so that every
-- row adds up. Reads only.
WITH line AS (
    SELECT l.fund, l.id, a.id AS account_id, v.settled,
        -coalesce(ledger_balance_on(a.id, CAST(:since AS date) - 1), 0)::numeric AS opening
    FROM fund_line l JOIN fund f ON f.id = l.fund
    LEFT JOIN account a ON a.code = 'liabilities:fund:' || l.fund || '\:line\:' || l.id AND a.currency = f.currency
    LEFT JOIN LATERAL ledger_versions_on(a.id, CAST(:since AS date) - 1) v ON true
    WHERE CAST(:fund AS text) IS NULL OR l.fund = :fund
), moved AS (
    SELECT l.fund, l.id, p.booked_on AS day, -sum(p.amount) AS amount,
        -sum(p.amount) FILTER (WHERE e.kind IN ('fund.allocate', 'fund.return')) AS allocated,
        -sum(p.amount) FILTER (WHERE e.kind = 'fund.transfer') AS transferred,
        sum(p.amount) FILTER (WHERE e.kind = 'reward.accrue' AND p.amount > 0) AS rewards,
        sum(p.amount) FILTER (WHERE e.kind = 'fund.grant') AS grants,
        -sum(p.amount) FILTER (WHERE e.kind = 'reward.accrue' AND p.amount < 0) AS taken_back
    FROM line l
    JOIN posting p ON p.account_id = l.account_id AND p.version > l.settled
        AND p.booked_on BETWEEN CAST(:since AS date) AND CAST(:until AS date)
    JOIN entry e ON e.id = p.entry_id
    GROUP BY l.fund, l.id, p.booked_on
), days AS (
    SELECT l.fund, l.id, l.opening, l.settled = 0 AS began, d.day\:\:date AS day, coalesce(m.amount, 0) AS amount,
        coalesce(m.allocated, 0) AS allocated, coalesce(m.transferred, 0) AS transferred,
        coalesce(m.rewards, 0) AS rewards, coalesce(m.grants, 0) AS grants, coalesce(m.taken_back, 0) AS taken_back,
        min(m.day) OVER (PARTITION BY l.fund, l.id) AS first_day,
        sum(coalesce(m.amount, 0)) OVER (PARTITION BY l.fund, l.id ORDER BY d.day) AS run
    FROM line l CROSS JOIN generate_series(CAST(:since AS date)::timestamp, CAST(:until AS date)::timestamp, '1 day') AS d (day)
    LEFT JOIN moved m ON m.fund = l.fund AND m.id = l.id AND m.day = d.day\:\:date
)
SELECT fund, id, day, opening + run - amount AS opening, allocated, transferred, rewards, grants, taken_back,
    amount - allocated - transferred + rewards + grants - taken_back AS adjusted, opening + run AS closing,
    CASE WHEN began THEN first_day END AS began_on
FROM days ORDER BY fund, id, day
