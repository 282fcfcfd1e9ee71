-- In: the least milliseconds of a qualified view; the days, `until` not among them. Out: each tally of these days that
-- differs from what its touches say, with both. A day's touches and tallies are seen at one moment. Touches of batches not
-- yet tallied, and doubted ones, are left out; qualified views are compared where they claim to be final and no batch that
-- may touch them waits.
WITH counted_touch AS MATERIALIZED (
    SELECT t.kind, t.content, t.product, t.viewer, t.occurred_at, CAST(t.occurred_at AS date) AS day, t.watch_ms,
        t.completed
    FROM touch t JOIN event_batch b ON b.id = t.batch_id
    WHERE t.occurred_at >= CAST(CAST(:since AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:until AS date) AS timestamptz) AND b.tallied_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM suspect s
            WHERE s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared')
), waiting AS (
    SELECT DISTINCT t.content, CAST(t.occurred_at AS date) AS day
    FROM touch t JOIN event_batch b ON b.id = t.batch_id
    WHERE t.occurred_at >= CAST(CAST(:since AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:until AS date) AS timestamptz) AND b.tallied_at IS NULL
), content_tally AS (
    SELECT * FROM tally_content_day WHERE day >= CAST(:since AS date) AND day < CAST(:until AS date)
), product_tally AS (
    SELECT * FROM tally_product_day WHERE day >= CAST(:since AS date) AND day < CAST(:until AS date)
), views AS (
    SELECT content, day, count(*) AS views, coalesce(sum(watch_ms), 0) AS watch_ms,
        count(*) FILTER (WHERE completed) AS completes,
        count(DISTINCT (viewer, date_bin('30 minutes', occurred_at, TIMESTAMPTZ '1970-01-01 00:00:00+00')))
            FILTER (WHERE watch_ms >= :minimum) AS qualified_views
    FROM counted_touch WHERE kind = 1 GROUP BY content, day
), clicks AS (
    SELECT content, product, day, count(*) AS clicks
    FROM counted_touch a
    WHERE kind = 2 AND EXISTS (
        SELECT FROM product_tag g WHERE g.content = a.content AND g.product = a.product
            AND g.tagged_from <= a.occurred_at AND (g.tagged_until IS NULL OR a.occurred_at < g.tagged_until))
    GROUP BY content, product, day
)
SELECT content, CAST(NULL AS text) AS product, day, m.measure, m.stored, m.counted
FROM content_tally t FULL JOIN views v USING (content, day)
LEFT JOIN waiting w USING (content, day)
CROSS JOIN LATERAL (VALUES
    ('views', t.views, v.views),
    ('watch_ms', t.watch_ms, v.watch_ms),
    ('completes', t.completes, v.completes),
    ('qualified_views', CASE WHEN NOT t.stale AND w.day IS NULL THEN t.qualified_views END,
        CASE WHEN NOT t.stale AND w.day IS NULL THEN v.qualified_views END)
) AS m (measure, stored, counted)
WHERE coalesce(m.stored, 0) <> coalesce(m.counted, 0)
UNION ALL
SELECT content, product, day, 'clicks', t.clicks, k.clicks
FROM product_tally t FULL JOIN clicks k USING (content, product, day)
WHERE coalesce(t.clicks, 0) <> coalesce(k.clicks, 0)
ORDER BY 1, 3, 2, 4
