-- All entries by the day of the books, without their postings. In: nothing. Out: an entry a row, with the time of the
-- one that it corrects (both make public ids). Reads only.
SELECT e.id, e.recorded_at, e.key, e.kind, e.currency, e.effective_on, e.booked_on, e.note, e.posting_count, e.corrects,
    c.recorded_at AS corrected_at
FROM entry e LEFT JOIN entry c ON c.id = e.corrects
ORDER BY e.booked_on, e.id
