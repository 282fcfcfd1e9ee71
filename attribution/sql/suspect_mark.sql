-- In: `hit`, the time. Out: a row of `suspect` for each touch that has none yet, under the first rule that hit; the new
-- ones in `moved`. One that stands already, decided or not, stays as it is, so a repeat inserts nothing.
WITH put AS (
    INSERT INTO suspect (event_id, occurred_at, kind, viewer, content, product, rule, detail, found_at)
    SELECT DISTINCT ON (event_id, occurred_at) event_id, occurred_at, kind, viewer, content, product, rule, detail, :now
    FROM hit ORDER BY event_id, occurred_at, n
    ON CONFLICT (event_id, occurred_at) DO NOTHING
    RETURNING event_id, occurred_at, kind, viewer, content
)
INSERT INTO moved SELECT * FROM put
