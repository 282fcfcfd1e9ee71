-- In: staged purchases after purchase_insert, the batch, the moment; the lock on sales is held. Out: the first of each
-- (event id; order and product) that no purchase and no parked one stands for, parked. Repeat it until it parks
-- nothing: a row that was second to one that is a conflict itself is then first.
WITH open AS (
    SELECT s.*,
        row_number() OVER (PARTITION BY s.event_id ORDER BY s.row_index) AS nth_id,
        row_number() OVER (PARTITION BY s.order_ref, s.product ORDER BY s.row_index) AS nth_line
    FROM staged s
    WHERE s.kind = 3 AND s.parked_id IS NULL
        AND NOT EXISTS (SELECT FROM purchase e WHERE e.event_id = s.event_id)
        AND NOT EXISTS (SELECT FROM purchase e WHERE e.order_ref = s.order_ref AND e.product = s.product)
        AND NOT EXISTS (SELECT FROM parked_event w WHERE w.kind = 3 AND w.event_id = s.event_id)
        AND NOT EXISTS (
            SELECT FROM parked_event w WHERE w.kind = 3 AND w.state = 'parked' AND w.order_ref = s.order_ref
                AND w.product = s.product)
)
INSERT INTO parked_event (batch_id, kind, event_id, occurred_at, viewer, product, order_ref, quantity, amount, currency,
    reason, parked_at)
SELECT :batch, 3, event_id, occurred_at, viewer, product, order_ref, quantity, amount, currency, 'unknown_product', :now
FROM open WHERE nth_id = 1 AND nth_line = 1
ORDER BY row_index
