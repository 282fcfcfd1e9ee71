-- Out: lines whose balance is not what they were given, less what they returned and the rewards of their programs, with
-- manual entries. Reads only.
SELECT 'line ' || l.fund || '/' || l.id AS subject,
    'balance less what it should hold '
        || -coalesce(b.balance, 0) - coalesce(g.kept, 0) + coalesce(w.spent, 0) + coalesce(m.amount, 0) AS detail
FROM fund_line l JOIN fund f ON f.id = l.fund
LEFT JOIN (
    SELECT fund, line, sum(given) - coalesce(sum(returned), 0) AS kept FROM allocation GROUP BY fund, line
) g ON g.fund = l.fund AND g.line = l.id
LEFT JOIN (
    SELECT p.fund, p.line, sum(r.amount) AS spent
    FROM (SELECT program, sum(amount) AS amount FROM reward GROUP BY program) r JOIN program p ON p.id = r.program
    GROUP BY p.fund, p.line
) w ON w.fund = l.fund AND w.line = l.id
LEFT JOIN account a ON a.code = 'liabilities:fund:' || l.fund || '\:line\:' || l.id AND a.currency = f.currency
LEFT JOIN balance b ON b.account_id = a.id
LEFT JOIN (
    SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
    WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
) m ON m.account_id = a.id
WHERE -coalesce(b.balance, 0) - coalesce(g.kept, 0) + coalesce(w.spent, 0) + coalesce(m.amount, 0) <> 0
