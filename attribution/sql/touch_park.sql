-- In: staged views and clicks with fate `park`, the batch, the moment. Out: parked events, for those whose key is not
-- parked or dropped already. Repeat: parks nothing.
INSERT INTO parked_event (batch_id, kind, event_id, occurred_at, viewer, content, product, watch_ms, completed, reason,
    parked_at)
SELECT DISTINCT ON (s.event_id, s.occurred_at)
    :batch, s.kind, s.event_id, s.occurred_at, s.viewer, s.content, s.product, s.watch_ms, s.completed,
    CASE WHEN EXISTS (SELECT FROM content c WHERE c.id = s.content) THEN 'unknown_product' ELSE 'unknown_content' END,
    :now
FROM staged s
WHERE s.kind IN (1, 2) AND s.fate = 'park' AND s.parked_id IS NULL
    AND NOT EXISTS (
        SELECT FROM parked_event w
        WHERE w.kind IN (1, 2) AND w.event_id = s.event_id AND w.occurred_at = s.occurred_at)
ORDER BY s.event_id, s.occurred_at, s.row_index
ON CONFLICT (kind, event_id, occurred_at) DO NOTHING
