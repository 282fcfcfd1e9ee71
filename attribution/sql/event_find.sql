-- In: an event id. Out: everything that came under it: touches, sales, what waits or was dropped, what was second.
-- What was accepted stands before the others, doubted or not.
SELECT * FROM (
SELECT CASE WHEN s.event_id IS NULL THEN 'accepted' ELSE 'suspect' END AS state, CASE t.kind WHEN 1 THEN 'view' ELSE 'click' END AS type, t.occurred_at, t.batch_id,
    b.received_at, b.tallied_at IS NOT NULL AND s.event_id IS NULL AS tallied, s.rule || '\: ' || s.detail AS reason, NULL AS order_ref, t.product, t.content,
    CAST(NULL AS bigint) AS purchase_id
FROM touch t JOIN event_batch b ON b.id = t.batch_id
LEFT JOIN suspect s ON s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared'
WHERE t.event_id = :event
UNION ALL
SELECT 'accepted', 'purchase', e.occurred_at, e.batch_id, b.received_at, true, NULL, e.order_ref, e.product, NULL, e.id
FROM purchase e JOIN event_batch b ON b.id = e.batch_id WHERE e.event_id = :event
UNION ALL
SELECT 'accepted', 'refund', e.occurred_at, e.batch_id, b.received_at, true, NULL, e.order_ref, e.product, NULL,
    e.purchase_id
FROM refund e JOIN event_batch b ON b.id = e.batch_id WHERE e.event_id = :event
UNION ALL
SELECT w.state, (ARRAY['view', 'click', 'purchase', 'refund'])[w.kind], w.occurred_at, w.batch_id, b.received_at, false,
    coalesce(w.outcome, w.reason), w.order_ref, w.product, w.content, NULL
FROM parked_event w JOIN event_batch b ON b.id = w.batch_id WHERE w.kind IN (1, 2, 3, 4) AND w.event_id = :event
UNION ALL
SELECT 'conflict', (ARRAY['view', 'click', 'purchase', 'refund'])[CAST(c.body ->> 'kind' AS integer)],
    CAST(c.body ->> 'occurred_at' AS timestamptz), c.batch_id, b.received_at, false, 'other_content',
    c.body ->> 'order_ref', c.body ->> 'product', c.body ->> 'content', NULL
FROM event_conflict c JOIN event_batch b ON b.id = c.batch_id WHERE c.event_id = :event
) found
ORDER BY state NOT IN ('accepted', 'suspect'), state, occurred_at
