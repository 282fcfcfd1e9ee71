-- In: `fresh`, a day with its bounds, the least threshold. Out: into temp table `busy` the viewers who did more than
-- that on that day, in all batches. No group of one viewer within a day can be too large otherwise, so the exact rules
-- look at few. At most so many index entries a viewer are read, in the
-- order of the index; the bounds are literal, so that one partition is.
INSERT INTO busy (viewer)
SELECT f.viewer
FROM (SELECT viewer FROM fresh WHERE day = :day ORDER BY viewer) f CROSS JOIN LATERAL (
    SELECT FROM touch t
    WHERE t.viewer = f.viewer AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
    OFFSET :least LIMIT 1
) more
