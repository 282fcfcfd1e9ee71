-- In: contents and their day, locked (read in a statement of its own, so that this one sees every touch that made them
-- stale); the day's bounds; the least milliseconds. Out: qualified views counted anew without doubted ones, not stale, and the changed days
-- queued where the number moved. A qualified view is a distinct (viewer, content, fixed 30 minutes of the epoch).
WITH wanted AS (
    SELECT content FROM unnest(CAST(:contents AS text[])) AS content
), counted AS (
    SELECT t.content, count(DISTINCT (t.viewer, date_bin('30 minutes', t.occurred_at, TIMESTAMPTZ '1970-01-01 00:00:00+00')))
        AS qualified
    FROM touch t JOIN wanted w ON w.content = t.content COLLATE "C"
    WHERE t.kind = 1 AND t.watch_ms >= :minimum
        AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
        AND NOT EXISTS (
            SELECT FROM suspect s
            WHERE s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared')
    GROUP BY t.content
), before AS (
    SELECT d.content, d.qualified_views FROM tally_content_day d JOIN wanted w ON w.content = d.content
    WHERE d.day = :day
), moved AS (
    UPDATE tally_content_day d SET qualified_views = coalesce(n.qualified, 0), stale = false
    FROM before b LEFT JOIN counted n ON n.content = b.content
    WHERE d.content = b.content AND d.day = :day
    RETURNING d.content, d.qualified_views <> b.qualified_views AS changed
)
INSERT INTO changed_day (day, creator, content)
SELECT :day, c.creator, m.content FROM moved m JOIN content c ON c.id = m.content WHERE m.changed ORDER BY m.content
