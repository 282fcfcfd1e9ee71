-- Out: postings whose entry or account is missing, is in another currency than the other, or whose day is not the
-- entry's. One pass for the four of them: each alone would join all postings again. Reads only.
SELECT 'posting ' || p.account_id || '/' || p.version AS subject,
    concat_ws(', ',
        CASE WHEN e.id IS NULL THEN 'entry ' || p.entry_id || ' is missing' END,
        CASE WHEN a.id IS NULL THEN 'account ' || p.account_id || ' is missing' END,
        CASE WHEN a.currency <> e.currency
            THEN 'entry ' || e.id || ' posts ' || e.currency || ' to ' || a.code || ' in ' || a.currency END,
        CASE WHEN p.booked_on <> e.booked_on
            THEN 'booked on ' || p.booked_on || ', entry ' || e.id || ' on ' || e.booked_on END) AS detail
FROM posting p
LEFT JOIN entry e ON e.id = p.entry_id
LEFT JOIN account a ON a.id = p.account_id
WHERE e.id IS NULL OR a.id IS NULL OR a.currency <> e.currency OR p.booked_on <> e.booked_on
