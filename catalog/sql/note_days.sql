-- In: moments and the creator of each. Out: nothing; one row a day and creator. A repeat queues the day again, which
-- recomputes to the same figures.
INSERT INTO changed_day (day, creator)
SELECT DISTINCT m.moment::date, m.creator
FROM unnest(CAST(:moments AS timestamptz[]), CAST(:creators AS text[])) AS m (moment, creator)
ORDER BY 1, 2
