-- In: claimed batches, the range of their touches. Out: their counts added to the tallies, the changed days queued.
-- A click counts where its content tagged the product at that moment. A repeat would count twice: a batch is claimed
-- once, in the same transaction. Rows are written in key order, contents before products, so that talliers queue up.
-- Doubted touches count nothing, but a day whose views are doubted is one to judge and to count qualified views of.
WITH added AS MATERIALIZED (
    SELECT kind, content, product, occurred_at, CAST(occurred_at AS date) AS day, watch_ms, completed,
        NOT EXISTS (
            SELECT FROM suspect s
            WHERE s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared') AS counts
    FROM touch t
    WHERE batch_id BETWEEN :first AND :last -- the index knows ranges, not lists
        AND batch_id = ANY (CAST(:batches AS bigint[])) AND occurred_at BETWEEN :first_at AND :last_at
), content_days AS (
    INSERT INTO tally_content_day AS t (content, day, views, watch_ms, completes, stale)
    SELECT content, day, count(*) FILTER (WHERE counts), coalesce(sum(watch_ms) FILTER (WHERE counts), 0),
        count(*) FILTER (WHERE counts AND completed), true
    FROM added WHERE kind = 1
    GROUP BY content, day ORDER BY content, day
    ON CONFLICT (content, day) DO UPDATE SET views = t.views + excluded.views,
        watch_ms = t.watch_ms + excluded.watch_ms, completes = t.completes + excluded.completes, stale = true, unjudged = true
    RETURNING content, day
), product_days AS (
    INSERT INTO tally_product_day AS t (content, product, day, clicks)
    SELECT content, product, day, count(*)
    FROM added a
    WHERE kind = 2 AND counts AND EXISTS (
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
