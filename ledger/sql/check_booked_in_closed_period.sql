-- Out: entries that came after a closing and are booked on a day that it closed. Reads only.
WITH closed AS (
    SELECT d.booked_on, min(c.last_entry) AS last_entry, min(c.through) AS through
    FROM (SELECT DISTINCT booked_on FROM entry) d JOIN period_close c ON c.through >= d.booked_on
    GROUP BY d.booked_on
)
SELECT 'entry ' || e.id AS subject,
    'booked on ' || e.booked_on || ', but the closing through ' || c.through || ' ended with entry ' || c.last_entry
        AS detail
FROM entry e JOIN closed c ON c.booked_on = e.booked_on WHERE e.id > c.last_entry
