-- Out: postings whose entry is missing. Reads only.
SELECT 'posting ' || p.account_id || '/' || p.version AS subject, 'entry ' || p.entry_id || ' is missing' AS detail
FROM posting p LEFT JOIN entry e ON e.id = p.entry_id WHERE e.id IS NULL
