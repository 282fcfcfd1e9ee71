-- In: contents and their day, locked (in a statement of its own, so that this one sees every touch that made them stale);
-- the least milliseconds. Out: table qualified, their qualified views without doubted ones: distinct (viewer, content,
-- fixed 30 minutes of the epoch). A statement that only reads, so that it may use several processes.
CREATE TEMP TABLE qualified ON COMMIT DROP AS
SELECT content, count(*) AS qualified
FROM (
    SELECT DISTINCT t.content, t.viewer, date_bin('30 minutes', t.occurred_at, TIMESTAMPTZ '1970-01-01 00:00:00+00') AS slot
    FROM touch t
    WHERE t.kind = 1 AND t.watch_ms >= :minimum AND t.content = ANY (CAST(:contents AS text[]))
        AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
        AND NOT EXISTS (
            SELECT FROM suspect s
            WHERE s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared')
) seen
GROUP BY content
