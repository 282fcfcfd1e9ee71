-- In: `busy`, a day, the batches as in traffic_fresh, thresholds (no limit: null). Out: into `hit` the touches of each
-- group that is above its threshold: one viewer's views or clicks of an hour, one viewer's touches of one creator's
-- contents on a day. A group is counted over all batches, so it does not matter in which order they came. Of a group
-- that was found before only what is new is taken: a machine that never stops is not read again from its beginning.
WITH fresh_touch AS MATERIALIZED (
    SELECT t.event_id, t.occurred_at, t.kind, t.viewer, t.content, t.product, c.creator,
        date_trunc('hour', t.occurred_at) AS hour
    FROM busy b JOIN touch t ON t.viewer = b.viewer JOIN content c ON c.id = t.content
    WHERE t.batch_id BETWEEN :first AND :last
        AND t.occurred_at BETWEEN :first_at AND :last_at
        AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
), touched AS (
    SELECT DISTINCT CASE kind WHEN 1 THEN 'views_per_hour' ELSE 'clicks_per_hour' END AS rule, viewer, kind,
        CAST(NULL AS text) AS creator, hour AS since, hour + interval '1 hour' AS until,
        CASE kind WHEN 1 THEN CAST(:views AS bigint) ELSE CAST(:clicks AS bigint) END AS most
    FROM fresh_touch
    UNION ALL
    SELECT DISTINCT 'pair_per_day', viewer, CAST(NULL AS smallint), creator,
        CAST(CAST(:day AS date) AS timestamptz), CAST(CAST(:day AS date) + 1 AS timestamptz), CAST(:pair AS bigint)
    FROM fresh_touch
), above AS MATERIALIZED (
    SELECT g.*, EXISTS (
        SELECT FROM suspect s
        WHERE s.viewer = g.viewer AND s.occurred_at >= g.since AND s.occurred_at < g.until AND s.rule = g.rule
            AND (g.creator IS NULL OR s.content IN (SELECT id FROM content WHERE creator = g.creator))) AS known
    FROM touched g
    WHERE g.most IS NOT NULL AND EXISTS (
        SELECT FROM touch t JOIN content c ON c.id = t.content
        WHERE t.viewer = g.viewer AND t.occurred_at >= g.since AND t.occurred_at < g.until
            AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
            AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
            AND (t.kind = g.kind OR g.kind IS NULL) AND (c.creator = g.creator OR g.creator IS NULL)
        OFFSET g.most LIMIT 1)
), members AS (
    SELECT g.rule, g.most, t.event_id, t.occurred_at, t.kind, t.viewer, t.content, t.product
    FROM above g
    JOIN touch t ON t.viewer = g.viewer AND t.occurred_at >= g.since AND t.occurred_at < g.until
        AND (t.kind = g.kind OR g.kind IS NULL)
        AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
    JOIN content c ON c.id = t.content AND (c.creator = g.creator OR g.creator IS NULL)
    WHERE NOT g.known
    UNION ALL
    SELECT g.rule, g.most, t.event_id, t.occurred_at, t.kind, t.viewer, t.content, t.product
    FROM above g
    JOIN fresh_touch t ON t.viewer = g.viewer AND t.occurred_at >= g.since AND t.occurred_at < g.until
        AND (t.kind = g.kind OR g.kind IS NULL) AND (t.creator = g.creator OR g.creator IS NULL)
    WHERE g.known
)
INSERT INTO hit (rule, detail, event_id, occurred_at, kind, viewer, content, product)
SELECT rule, CASE rule
    WHEN 'views_per_hour' THEN format('more than %s views by one viewer within an hour', most)
    WHEN 'clicks_per_hour' THEN format('more than %s clicks by one viewer within an hour', most)
    ELSE format('more than %s touches by one viewer on one creator''s contents within a day', most) END,
    event_id, occurred_at, kind, viewer, content, product
FROM members
