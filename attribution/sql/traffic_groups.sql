-- In: `busy`, a day, the batches as in traffic_fresh, thresholds (no limit: null). Out: into `hit` the touches of each
-- group that is above its threshold: one viewer's views or clicks of an hour, one viewer's touches of one creator's
-- contents on a day. A group is counted over all batches, so it does not matter in which order they came. The touches of
-- busy viewers are read once and counted together: looking at each group by itself would read a viewer's day once for
-- each creator. Of a group that was found before only what is new is taken: its beginning stands already.
WITH seen AS MATERIALIZED (
    SELECT t.event_id, t.occurred_at, t.kind, t.viewer, t.content, t.product, c.creator,
        date_trunc('hour', t.occurred_at) AS hour,
        t.batch_id BETWEEN :first AND :last AND t.occurred_at BETWEEN :first_at AND :last_at AS fresh
    FROM busy b JOIN touch t ON t.viewer = b.viewer JOIN content c ON c.id = t.content
    WHERE t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
), counted AS (
    SELECT CASE kind WHEN 1 THEN 'views_per_hour' ELSE 'clicks_per_hour' END AS rule, viewer, kind,
        CAST(NULL AS text) AS creator, hour AS since, hour + interval '1 hour' AS until,
        CASE kind WHEN 1 THEN CAST(:views AS bigint) ELSE CAST(:clicks AS bigint) END AS most, count(*) AS touches
    FROM seen GROUP BY viewer, kind, hour HAVING bool_or(fresh)
    UNION ALL
    SELECT 'pair_per_day', viewer, NULL, creator, CAST(CAST(:day AS date) AS timestamptz),
        CAST(CAST(:day AS date) + 1 AS timestamptz), CAST(:pair AS bigint), count(*)
    FROM seen GROUP BY viewer, creator HAVING bool_or(fresh)
), above AS MATERIALIZED (
    SELECT g.*, EXISTS (
        SELECT FROM suspect s
        WHERE s.viewer = g.viewer AND s.occurred_at >= g.since AND s.occurred_at < g.until AND s.rule = g.rule
            AND (g.creator IS NULL OR s.content IN (SELECT id FROM content WHERE creator = g.creator))) AS known
    FROM counted g WHERE g.touches > g.most
)
INSERT INTO hit (rule, detail, event_id, occurred_at, kind, viewer, content, product)
SELECT g.rule, CASE g.rule
    WHEN 'views_per_hour' THEN format('more than %s views by one viewer within an hour', g.most)
    WHEN 'clicks_per_hour' THEN format('more than %s clicks by one viewer within an hour', g.most)
    ELSE format('more than %s touches by one viewer on one creator''s contents within a day', g.most) END,
    s.event_id, s.occurred_at, s.kind, s.viewer, s.content, s.product
FROM above g JOIN seen s ON s.viewer = g.viewer AND s.occurred_at >= g.since AND s.occurred_at < g.until
    AND (g.kind IS NULL OR s.kind = g.kind) AND (g.creator IS NULL OR s.creator = g.creator)
WHERE s.fresh OR NOT g.known
ORDER BY g.rule = 'pair_per_day'
