-- In: `due`. Out: those judged, except where views came meanwhile.
UPDATE tally_content_day t SET unjudged = false
FROM due d WHERE t.content = d.content AND t.day = d.day AND CAST(t.xmin AS text) = d.version
