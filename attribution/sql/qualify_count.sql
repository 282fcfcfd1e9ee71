-- In: contents and their day, locked; table qualified, their qualified views. Out: these stand in the tallies, not stale,
-- and the changed days are queued where the number moved. A repeat moves nothing.
WITH before AS (
    SELECT content, qualified_views FROM tally_content_day
    WHERE day = :day AND content = ANY (CAST(:contents AS text[]))
), moved AS (
    UPDATE tally_content_day d SET qualified_views = coalesce(n.qualified, 0), stale = false
    FROM before b LEFT JOIN qualified n ON n.content = b.content
    WHERE d.content = b.content AND d.day = :day
    RETURNING d.content, d.qualified_views <> b.qualified_views AS changed
)
INSERT INTO changed_day (day, creator, content)
SELECT :day, c.creator, m.content FROM moved m JOIN content c ON c.id = m.content WHERE m.changed ORDER BY m.content
