-- In: moments, the creator and the content of each. Out: nothing; one row a day, creator and content. A repeat queues
-- the day again, which recomputes to the same figures.
INSERT INTO changed_day (day, creator, content)
SELECT DISTINCT m.moment::date, m.creator, m.content
FROM unnest(CAST(:moments AS timestamptz[]), CAST(:creators AS text[]), CAST(:contents AS text[]))
    AS m (moment, creator, content)
ORDER BY 1, 2, 3
