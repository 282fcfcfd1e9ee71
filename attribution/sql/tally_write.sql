-- Part of tally_add and suspect_tally. In: a query of touches, each with its day and with `counts`: 1 to be
-- counted, -1 to be taken out, 0 doubted; whether views of the day are to be judged again. Out: the tallies more or less
-- by them, the changed days queued. A click counts where its content tagged the product at that moment. A doubted view
-- counts nothing, but its day is one to count qualified views of. Rows are written in key order, contents before
-- products, so that writers queue up. The query is read twice, for views and for clicks: keeping its rows costs more.
WITH counted AS NOT MATERIALIZED (
{counted}
), views AS MATERIALIZED ( -- kept apart from the order, so that grouping hashes
    SELECT content, day, sum(counts) AS views, coalesce(sum(counts * watch_ms), 0) AS watch_ms,
        coalesce(sum(counts) FILTER (WHERE completed), 0) AS completes
    FROM counted WHERE kind = 1
    GROUP BY content, day
), clicks AS MATERIALIZED (
    SELECT content, product, day, sum(counts) AS clicks
    FROM counted a
    WHERE kind = 2 AND counts <> 0 AND EXISTS (
        SELECT FROM product_tag g WHERE g.content = a.content AND g.product = a.product
            AND g.tagged_from <= a.occurred_at AND (g.tagged_until IS NULL OR a.occurred_at < g.tagged_until))
    GROUP BY content, product, day
), content_days AS (
    INSERT INTO tally_content_day AS t (content, day, views, watch_ms, completes, stale)
    SELECT content, day, views, watch_ms, completes, true FROM views ORDER BY content, day
    ON CONFLICT (content, day) DO UPDATE SET views = t.views + excluded.views,
        watch_ms = t.watch_ms + excluded.watch_ms, completes = t.completes + excluded.completes, stale = true,
        unjudged = t.unjudged OR :judge
    RETURNING content, day
), product_days AS (
    INSERT INTO tally_product_day AS t (content, product, day, clicks)
    SELECT content, product, day, clicks FROM clicks ORDER BY content, product, day
    ON CONFLICT (content, day, product) DO UPDATE SET clicks = t.clicks + excluded.clicks
    RETURNING content, day
)
INSERT INTO changed_day (day, creator, content)
SELECT d.day, c.creator, d.content
FROM (SELECT content, day FROM content_days UNION SELECT content, day FROM product_days) d
JOIN content c ON c.id = d.content
ORDER BY d.content, d.day
