-- Out: postings that are booked on another day than their entry. Reads only.
SELECT 'posting ' || p.account_id || '/' || p.version AS subject,
    'booked on ' || p.booked_on || ', entry ' || e.id || ' on ' || e.booked_on AS detail
FROM posting p JOIN entry e ON e.id = p.entry_id WHERE p.booked_on <> e.booked_on
