-- As traffic_busy, when `fresh` names so many viewers of the day that reading the whole day in a row costs less than
-- asking the index for each.
INSERT INTO busy (viewer)
SELECT viewer FROM (
    SELECT viewer FROM touch
    WHERE occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
    GROUP BY viewer HAVING count(*) > :least
) many
WHERE viewer IN (SELECT viewer FROM fresh WHERE day = :day)
