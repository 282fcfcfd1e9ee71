-- In: staged refunds with fate `park`, the batch, the moment. Out: parked events; the fate becomes `parked`.
WITH parked AS (
    INSERT INTO parked_event (batch_id, kind, event_id, occurred_at, product, order_ref, quantity, amount, currency,
        reason, parked_at)
    SELECT :batch, 4, event_id, occurred_at, product, order_ref, quantity, amount, currency, 'unknown_purchase', :now
    FROM staged WHERE kind = 4 AND fate = 'park' ORDER BY row_index
    RETURNING event_id
)
UPDATE staged s SET fate = 'parked' FROM parked w WHERE s.kind = 4 AND s.fate = 'park' AND s.event_id = w.event_id
