-- In: staged views and clicks with fate `park` after touch_park, the batch. Out: their `fate`: parked when it was this
-- row that was parked, else duplicate or conflict with what is. (What was parked and is gone became a touch meanwhile.)
WITH row AS (
    SELECT s.*, row_number() OVER (
        PARTITION BY kind, event_id, occurred_at, viewer, content, product, watch_ms, completed
        ORDER BY row_index) AS nth
    FROM staged s WHERE s.kind IN (1, 2) AND s.fate = 'park'
), judged AS (
    SELECT r.row_index, CASE
        WHEN w.batch_id = :batch AND w.same AND r.nth = 1 AND r.parked_id IS NULL THEN 'parked'
        WHEN coalesce(w.same, true) THEN 'duplicate'
        ELSE 'conflict' END AS fate
    FROM row r
    LEFT JOIN LATERAL (
        SELECT w.batch_id, (w.kind, w.viewer, w.content, w.product, w.watch_ms, w.completed) IS NOT DISTINCT FROM
            (r.kind, r.viewer, r.content, r.product, r.watch_ms, r.completed) AS same
        FROM parked_event w
        WHERE w.kind IN (1, 2) AND w.event_id = r.event_id AND w.occurred_at = r.occurred_at
            AND w.id < coalesce(r.parked_id, 9223372036854775807)
        ORDER BY w.id LIMIT 1
    ) w ON true
)
UPDATE staged s SET fate = j.fate FROM judged j WHERE j.row_index = s.row_index
