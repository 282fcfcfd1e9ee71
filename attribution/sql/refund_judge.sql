-- In: staged refunds, after the batch's purchases were written; the lock on sales is held. Out: `fate` of each:
-- duplicate, conflict, currency_mismatch, `park` (its purchase is not known yet) or `apply`.
-- Looked for by event id among the refunds, the parked, and the earlier rows of the batch.
WITH row AS (
    SELECT s.*, first_value(s.row_index) OVER (PARTITION BY s.event_id ORDER BY s.row_index) AS first_index
    FROM staged s WHERE s.kind = 4
), judged AS (
    SELECT r.row_index, CASE
        WHEN e.id IS NOT NULL THEN CASE WHEN
            (e.order_ref, e.product, e.quantity, e.given, e.occurred_at)
                IS NOT DISTINCT FROM (r.order_ref, r.product, r.quantity, r.amount, r.occurred_at)
            AND (r.currency IS NULL OR r.currency = p.currency) THEN 'duplicate' ELSE 'conflict' END
        WHEN w.id IS NOT NULL THEN CASE WHEN
            (w.order_ref, w.product, w.quantity, w.amount, w.currency, w.occurred_at)
                IS NOT DISTINCT FROM (r.order_ref, r.product, r.quantity, r.amount, r.currency, r.occurred_at)
            THEN 'duplicate' ELSE 'conflict' END
        WHEN r.row_index <> r.first_index THEN CASE WHEN
            (f.order_ref, f.product, f.quantity, f.amount, f.currency, f.occurred_at)
                IS NOT DISTINCT FROM (r.order_ref, r.product, r.quantity, r.amount, r.currency, r.occurred_at)
            THEN 'duplicate' ELSE 'conflict' END
        WHEN p.id IS NULL THEN 'park'
        WHEN r.currency <> p.currency THEN 'currency_mismatch'
        ELSE 'apply' END AS fate
    FROM row r
    JOIN staged f ON f.row_index = r.first_index
    LEFT JOIN purchase p ON p.order_ref = r.order_ref AND p.product = r.product
    LEFT JOIN refund e ON e.event_id = r.event_id
    LEFT JOIN LATERAL (
        SELECT w.* FROM parked_event w
        WHERE w.kind = 4 AND w.event_id = r.event_id AND w.state = 'parked'
            AND w.id < coalesce(r.parked_id, 9223372036854775807)
        ORDER BY w.id LIMIT 1
    ) w ON true
)
UPDATE staged s SET fate = j.fate FROM judged j WHERE j.row_index = s.row_index
