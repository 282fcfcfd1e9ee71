-- In: staged purchases after purchase_insert and purchase_park, the batch. Out: `fate` of those not accepted.
-- Looked for by event id and by order and product, first among the purchases, then among the parked, and compared by
-- content without the id. Of equal rows that this batch brought the first is the accepted one. Repeat: the same fates.
WITH row AS (
    SELECT s.*, row_number() OVER (
        PARTITION BY event_id, order_ref, product, viewer, quantity, amount, currency, occurred_at
        ORDER BY row_index) AS nth
    FROM staged s WHERE s.kind = 3
), judged AS (
    SELECT r.row_index, CASE
        WHEN (f.order_ref, f.product, f.viewer, f.quantity, f.amount, f.currency, f.occurred_at)
            IS DISTINCT FROM (r.order_ref, r.product, r.viewer, r.quantity, r.amount, r.currency, r.occurred_at)
            THEN 'conflict'
        WHEN f.event_id = r.event_id AND f.batch_id = :batch AND r.nth = 1
            THEN CASE WHEN f.rank < 3 THEN 'accepted' ELSE 'parked' END
        ELSE 'duplicate' END AS fate
    FROM row r
    LEFT JOIN LATERAL (
        SELECT 1 AS rank, e.event_id, e.order_ref, e.product, e.viewer, e.quantity, e.amount, e.currency, e.occurred_at,
            e.batch_id
        FROM purchase e WHERE e.event_id = r.event_id
        UNION ALL
        SELECT 2, e.event_id, e.order_ref, e.product, e.viewer, e.quantity, e.amount, e.currency, e.occurred_at,
            e.batch_id
        FROM purchase e WHERE e.order_ref = r.order_ref AND e.product = r.product
        UNION ALL
        SELECT 3, w.event_id, w.order_ref, w.product, w.viewer, w.quantity, w.amount, w.currency, w.occurred_at,
            w.batch_id
        FROM parked_event w WHERE w.kind = 3 AND w.state = 'parked' AND w.event_id = r.event_id
            AND w.id < coalesce(r.parked_id, 9223372036854775807)
        UNION ALL
        SELECT 4, w.event_id, w.order_ref, w.product, w.viewer, w.quantity, w.amount, w.currency, w.occurred_at,
            w.batch_id
        FROM parked_event w WHERE w.kind = 3 AND w.state = 'parked' AND w.order_ref = r.order_ref
            AND w.product = r.product AND w.id < coalesce(r.parked_id, 9223372036854775807)
        ORDER BY rank LIMIT 1
    ) f ON true
)
UPDATE staged s SET fate = j.fate FROM judged j WHERE j.row_index = s.row_index AND j.fate <> 'accepted'
