-- Out: entries that post to an account of another currency. Reads only.
SELECT 'entry ' || e.id AS subject, 'posts ' || e.currency || ' to ' || a.code || ' in ' || a.currency AS detail
FROM posting p JOIN account a ON a.id = p.account_id JOIN entry e ON e.id = p.entry_id
WHERE a.currency <> e.currency
