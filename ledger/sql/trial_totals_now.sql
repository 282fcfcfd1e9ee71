-- Out: by currency the sum of all balances (zero, or the books are wrong) and of the debit ones. Reads only.
SELECT a.currency, sum(b.balance) AS total, sum(b.balance) FILTER (WHERE b.balance > 0) AS debits
FROM balance b JOIN account a ON a.id = b.account_id
WHERE b.version > 0
GROUP BY a.currency ORDER BY a.currency
