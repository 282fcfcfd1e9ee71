-- Out: lines whose balance is not what they were given, less what they returned, with transfers in and out, less grants and
-- the rewards of their programs (where sellers pay, no line does), with manual entries. Reads only.
WITH moved AS (
    SELECT fund, line, sum(given) - coalesce(sum(returned), 0) AS amount FROM allocation GROUP BY fund, line
    UNION ALL
    SELECT fund, target, amount FROM fund_transfer WHERE state = 'done'
    UNION ALL
    SELECT fund, source, -amount FROM fund_transfer WHERE state = 'done'
    UNION ALL
    SELECT fund, line, -amount FROM fund_grant WHERE state = 'done'
    UNION ALL
    SELECT p.fund, p.line, -r.amount
    FROM (SELECT program, sum(amount) AS amount FROM reward GROUP BY program) r JOIN program p ON p.id = r.program
), by_hand AS (
    SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
    WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
)
SELECT 'line ' || l.fund || '/' || l.id AS subject, 'balance less what it should hold ' || d.difference AS detail
FROM fund_line l JOIN fund f ON f.id = l.fund
LEFT JOIN (SELECT fund, line, sum(amount) AS amount FROM moved GROUP BY fund, line) m ON m.fund = l.fund AND m.line = l.id
LEFT JOIN account a ON a.code = 'liabilities:fund:' || l.fund || '\:line\:' || l.id AND a.currency = f.currency
LEFT JOIN balance b ON b.account_id = a.id
LEFT JOIN by_hand h ON h.account_id = a.id
CROSS JOIN LATERAL (SELECT -coalesce(b.balance, 0) - coalesce(m.amount, 0) + coalesce(h.amount, 0) AS difference) d
WHERE d.difference <> 0
