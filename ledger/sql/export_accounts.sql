-- Accounts that ever moved. In: nothing. Out: code, its currencies. Reads only.
SELECT a.code, array_agg(a.currency ORDER BY a.currency) AS currencies
FROM account a JOIN balance b ON b.account_id = a.id
WHERE b.version > 0 GROUP BY a.code ORDER BY a.code
