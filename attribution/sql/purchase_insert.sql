-- In: staged purchases, the batch, the moment; the lock on sales is held. Out: those of known products, as purchases.
-- A purchase stands once by event id and once by (order, product); the first row wins. Repeat: inserts nothing.
INSERT INTO purchase (event_id, order_ref, product, viewer, quantity, amount, currency, occurred_at, day, batch_id,
    recorded_at)
SELECT s.event_id, s.order_ref, s.product, s.viewer, s.quantity, s.amount, s.currency, s.occurred_at,
    CAST(s.occurred_at AS date), :batch, :now
FROM staged s
JOIN product p ON p.id = s.product
WHERE s.kind = 3
    AND NOT EXISTS (
        SELECT FROM parked_event w WHERE w.kind = 3 AND w.state = 'parked' AND w.event_id = s.event_id
            AND w.id < coalesce(s.parked_id, 9223372036854775807))
    AND NOT EXISTS (
        SELECT FROM parked_event w WHERE w.kind = 3 AND w.state = 'parked' AND w.order_ref = s.order_ref
            AND w.product = s.product AND w.id < coalesce(s.parked_id, 9223372036854775807))
ORDER BY s.row_index
ON CONFLICT DO NOTHING
