-- Out: entries with more than one posting of an account. Reads only.
SELECT 'entry ' || entry_id AS subject, 'account ' || account_id || ' has ' || count(*) || ' postings' AS detail
FROM posting GROUP BY entry_id, account_id HAVING count(*) > 1
