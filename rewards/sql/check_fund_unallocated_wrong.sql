-- Out: funds whose unallocated balance is not deposits, less allocations, with returns and manual entries. Reads only.
SELECT 'fund ' || f.id AS subject,
    'unallocated less what it should hold '
        || -coalesce(b.balance, 0) - coalesce(d.total, 0) + coalesce(g.kept, 0) + coalesce(m.amount, 0) AS detail
FROM fund f
LEFT JOIN (SELECT fund, sum(amount) AS total FROM deposit GROUP BY fund) d ON d.fund = f.id
LEFT JOIN (SELECT fund, sum(given) - coalesce(sum(returned), 0) AS kept FROM allocation GROUP BY fund) g ON g.fund = f.id
LEFT JOIN account a ON a.code = 'liabilities:fund:' || f.id || '\:unallocated' AND a.currency = f.currency
LEFT JOIN balance b ON b.account_id = a.id
LEFT JOIN (
    SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
    WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
) m ON m.account_id = a.id
WHERE -coalesce(b.balance, 0) - coalesce(d.total, 0) + coalesce(g.kept, 0) + coalesce(m.amount, 0) <> 0
