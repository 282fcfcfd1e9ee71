-- Balances at a closing, for the assertions of a journal. In: day, a closed one. Out: code, currency, balance (debit
-- positive) of the accounts that had moved by then. They come from the stored balances, so that whoever adds up the
-- journal's amounts checks those as well. Reads only.
SELECT a.code, a.currency, ledger_balance_on(a.id, :day) AS balance
FROM account a
WHERE EXISTS (SELECT FROM posting p WHERE p.account_id = a.id AND p.booked_on <= :day)
ORDER BY a.code, a.currency
