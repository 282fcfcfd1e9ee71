-- In: `moved` touches, -1 (doubted) or 1 (cleared). Out: the tallies of those whose batch is tallied, less or more by
-- them, the changed days queued. The caller holds the turn on counts and moves each touch once, in the transaction in
-- which its state changes. The others are left out, or counted, when their batch is tallied.
WITH counted AS MATERIALIZED (
    SELECT t.kind, t.content, t.product, t.occurred_at, CAST(t.occurred_at AS date) AS day, t.watch_ms, t.completed
    FROM moved m
    JOIN touch t ON t.event_id = m.event_id AND t.occurred_at = m.occurred_at
    JOIN event_batch b ON b.id = t.batch_id AND b.tallied_at IS NOT NULL
), content_days AS (
    INSERT INTO tally_content_day AS t (content, day, views, watch_ms, completes, stale)
    SELECT content, day, :sign * count(*), :sign * coalesce(sum(watch_ms), 0),
        :sign * count(*) FILTER (WHERE completed), true
    FROM counted WHERE kind = 1
    GROUP BY content, day ORDER BY content, day
    ON CONFLICT (content, day) DO UPDATE SET views = t.views + excluded.views,
        watch_ms = t.watch_ms + excluded.watch_ms, completes = t.completes + excluded.completes, stale = true
    RETURNING content, day
), product_days AS (
    INSERT INTO tally_product_day AS t (content, product, day, clicks)
    SELECT content, product, day, :sign * count(*)
    FROM counted a
    WHERE kind = 2 AND EXISTS (
        SELECT FROM product_tag g WHERE g.content = a.content AND g.product = a.product
            AND g.tagged_from <= a.occurred_at AND (g.tagged_until IS NULL OR a.occurred_at < g.tagged_until))
    GROUP BY content, product, day ORDER BY content, product, day
    ON CONFLICT (content, day, product) DO UPDATE SET clicks = t.clicks + excluded.clicks
    RETURNING content, day
)
INSERT INTO changed_day (day, creator, content)
SELECT d.day, c.creator, d.content
FROM (SELECT content, day FROM content_days UNION SELECT content, day FROM product_days) d
JOIN content c ON c.id = d.content
ORDER BY d.content, d.day
