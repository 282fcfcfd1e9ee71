-- In: staged views and clicks, the batch. Out: those whose references the catalog knows, as touches.
-- A row whose key stands already, or is parked, is left out (touch_fates says what it is). Repeat: inserts nothing.
-- Keys are inserted in the order in which plain touches are copied, so that two batches with the same events wait for each other in one direction only;
-- of equal keys in the batch the first row wins.
INSERT INTO touch (event_id, occurred_at, kind, viewer, content, product, watch_ms, completed, batch_id)
SELECT s.event_id, s.occurred_at, s.kind, s.viewer, s.content, s.product, s.watch_ms, s.completed, :batch
FROM staged s
JOIN content c ON c.id = s.content
LEFT JOIN product p ON p.id = s.product
WHERE s.kind IN (1, 2)
    AND (s.kind = 1 OR p.id IS NOT NULL)
    AND NOT EXISTS (
        SELECT FROM parked_event w
        WHERE w.event_id = s.event_id AND w.occurred_at = s.occurred_at AND w.kind IN (1, 2)
            AND w.state = 'parked' AND w.id < coalesce(s.parked_id, 9223372036854775807))
ORDER BY s.occurred_at, s.event_id, s.row_index
ON CONFLICT (event_id, occurred_at) DO NOTHING
