-- In: code and currency to start after, how many. Out: every account that moved, by code and currency, with its
-- balance (debit positive). Reads only.
SELECT a.code, a.currency, b.balance
FROM account a JOIN balance b ON b.account_id = a.id
WHERE b.version > 0 AND (a.code, a.currency) > (:code, :currency)
ORDER BY a.code, a.currency
LIMIT :size
