-- Out: each fund's unallocated balance (ledger). Reads only.
SELECT f.id, f.currency, coalesce(-b.balance, 0) AS balance
FROM fund f
LEFT JOIN account a ON a.code = 'liabilities:fund:' || f.id || '\:unallocated' AND a.currency = f.currency
LEFT JOIN balance b ON b.account_id = a.id
ORDER BY f.id
