-- Out: entries whose postings do not sum to zero or are not as many as were posted. Reads only.
SELECT 'entry ' || e.id AS subject,
    'postings ' || coalesce(p.rows, 0) || ' of ' || e.posting_count || ', sum ' || coalesce(p.total, 0) AS detail
FROM entry e
LEFT JOIN (SELECT entry_id, sum(amount) AS total, count(*) AS rows FROM posting GROUP BY entry_id) p
    ON p.entry_id = e.id
WHERE p.total IS DISTINCT FROM 0 OR p.rows IS DISTINCT FROM e.posting_count
