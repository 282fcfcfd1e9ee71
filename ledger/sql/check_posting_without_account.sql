-- Out: postings whose account is missing. Reads only.
SELECT 'posting ' || p.account_id || '/' || p.version AS subject, 'account ' || p.account_id || ' is missing' AS detail
FROM posting p LEFT JOIN account a ON a.id = p.account_id WHERE a.id IS NULL
