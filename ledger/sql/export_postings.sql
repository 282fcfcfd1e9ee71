-- All postings in the order of export_entries. In: nothing. Out: a posting a row. Reads only.
SELECT p.entry_id, a.code, p.version, p.amount, p.balance
FROM posting p JOIN account a ON a.id = p.account_id
ORDER BY p.booked_on, p.entry_id, p.account_id
