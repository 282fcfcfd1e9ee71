-- In: how many. Creators who would gain the most by the change, with both sums.
SELECT creator, new, old FROM (
    SELECT creator, coalesce(sum(amount) FILTER (WHERE side = 1), 0)::bigint AS new,
        coalesce(sum(amount) FILTER (WHERE side = 0), 0)::bigint AS old
    FROM trial GROUP BY creator
) each
WHERE new - old > 0 ORDER BY new - old DESC, creator LIMIT :most
