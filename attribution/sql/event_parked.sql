-- In: a parked event's id to go on after, how many. Out: events that wait for a reference, oldest first.
SELECT w.id, w.event_id, 'parked' AS state, (ARRAY['view', 'click', 'purchase', 'refund'])[w.kind] AS type,
    w.occurred_at, w.batch_id, b.received_at, false AS tallied, w.reason, w.order_ref, w.product, w.content,
    CAST(NULL AS bigint) AS purchase_id
FROM parked_event w JOIN event_batch b ON b.id = w.batch_id
WHERE w.state = 'parked' AND w.id > :after
ORDER BY w.id LIMIT :limit
