-- In: staged views and clicks after touch_insert, the batch. Out: `fate` of those it did not insert. What stands under
-- the key tells: the same content is a duplicate, other content a conflict, nothing means `park`. Of equal rows that
-- this batch brought the first is the accepted one. The lookup is LATERAL … LIMIT 1, so that each row reads one
-- partition by index. Repeat: the same fates.
WITH row AS (
    SELECT s.*, row_number() OVER (
        PARTITION BY kind, event_id, occurred_at, viewer, content, product, watch_ms, completed
        ORDER BY row_index) AS nth
    FROM staged s WHERE s.kind IN (1, 2)
), judged AS (
    SELECT r.row_index, CASE
        WHEN t.batch_id IS NULL THEN 'park'
        WHEN t.batch_id = :batch AND t.same AND r.nth = 1 THEN 'accepted'
        WHEN t.same THEN 'duplicate'
        ELSE 'conflict' END AS fate
    FROM row r
    LEFT JOIN LATERAL (
        SELECT t.batch_id, (t.kind, t.viewer, t.content, t.product, t.watch_ms, t.completed) IS NOT DISTINCT FROM
            (r.kind, r.viewer, r.content, r.product, r.watch_ms, r.completed) AS same
        FROM touch t WHERE t.event_id = r.event_id AND t.occurred_at = r.occurred_at LIMIT 1
    ) t ON true
)
UPDATE staged s SET fate = j.fate FROM judged j WHERE j.row_index = s.row_index AND j.fate <> 'accepted'
