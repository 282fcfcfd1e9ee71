-- Creators in ten equal groups by what they would earn, the first the most: how many, and what they earn now and then.
SELECT decile, count(*) AS creators, sum(new)::bigint AS new, sum(old)::bigint AS old
FROM (
    SELECT *, ntile(10) OVER (ORDER BY new DESC, old DESC, creator) AS decile
    FROM (
        SELECT creator, coalesce(sum(amount) FILTER (WHERE side = 1), 0)::bigint AS new,
            coalesce(sum(amount) FILTER (WHERE side = 0), 0)::bigint AS old
        FROM trial GROUP BY creator
    ) each
) ranked
GROUP BY decile ORDER BY decile
