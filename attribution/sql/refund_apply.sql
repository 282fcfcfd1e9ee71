-- In: staged refunds with fate `apply`, their purchases locked; the batch, the moment; currencies and the micros of
-- their minor units. Out: refunds, the purchases' refunded and returned, fate NULL (accepted) or
-- refund_exceeds_purchase. Refunds of one purchase apply in row order: round n takes the n-th of every purchase.
-- By amount, the amount is the money. By quantity it is amount * returned so far / bought, rounded half up to the
-- minor unit, minus what was taken before (never below zero). More than is left is refused whole.
WITH RECURSIVE queue AS MATERIALIZED (
    SELECT s.row_index, p.id AS purchase_id, p.amount, p.quantity, p.refunded, p.returned, coalesce(m.unit, 10000) AS unit,
        s.quantity AS back, s.amount AS given, s.event_id, s.order_ref, s.product, s.occurred_at,
        row_number() OVER (PARTITION BY p.id ORDER BY s.row_index) AS nth
    FROM staged s
    JOIN purchase p ON p.order_ref = s.order_ref AND p.product = s.product
    LEFT JOIN unnest(CAST(:currencies AS text[]), CAST(:units AS bigint[])) AS m (currency, unit)
        ON m.currency = p.currency
    WHERE s.kind = 4 AND s.fate = 'apply'
), step AS (
    SELECT q.row_index, q.purchase_id, q.nth, v.*
    FROM queue q CROSS JOIN LATERAL (
        SELECT CASE WHEN w.fits THEN w.take END AS taken,
            CASE WHEN w.fits THEN q.refunded + w.take ELSE q.refunded END AS refunded,
            CASE WHEN w.fits THEN q.returned + coalesce(q.back, 0) ELSE q.returned END AS returned
        FROM (
            SELECT t.take, q.returned + coalesce(q.back, 0) <= q.quantity AND q.refunded + t.take <= q.amount AS fits
            FROM (SELECT coalesce(q.given, greatest(0, CAST(
                div(2 * CAST(q.amount AS numeric) * (q.returned + q.back) + CAST(q.quantity AS numeric) * q.unit,
                    2 * CAST(q.quantity AS numeric) * q.unit) * q.unit AS numeric) - q.refunded)) AS take) t
        ) w
    ) v
    WHERE q.nth = 1
    UNION ALL
    SELECT q.row_index, q.purchase_id, q.nth, v.*
    FROM step b JOIN queue q ON q.purchase_id = b.purchase_id AND q.nth = b.nth + 1 CROSS JOIN LATERAL (
        SELECT CASE WHEN w.fits THEN w.take END AS taken,
            CASE WHEN w.fits THEN b.refunded + w.take ELSE b.refunded END AS refunded,
            CASE WHEN w.fits THEN b.returned + coalesce(q.back, 0) ELSE b.returned END AS returned
        FROM (
            SELECT t.take, b.returned + coalesce(q.back, 0) <= q.quantity AND b.refunded + t.take <= q.amount AS fits
            FROM (SELECT coalesce(q.given, greatest(0, CAST(
                div(2 * CAST(q.amount AS numeric) * (b.returned + q.back) + CAST(q.quantity AS numeric) * q.unit,
                    2 * CAST(q.quantity AS numeric) * q.unit) * q.unit AS numeric) - b.refunded)) AS take) t
        ) w
    ) v
), put AS (
    INSERT INTO refund (event_id, purchase_id, order_ref, product, quantity, given, amount, occurred_at, batch_id,
        recorded_at)
    SELECT q.event_id, q.purchase_id, q.order_ref, q.product, q.back, q.given, s.taken, q.occurred_at, :batch, :now
    FROM step s JOIN queue q USING (row_index)
    WHERE s.taken IS NOT NULL
    ORDER BY s.row_index
), moved AS (
    UPDATE purchase p SET refunded = l.refunded, returned = l.returned
    FROM (SELECT DISTINCT ON (purchase_id) purchase_id, refunded, returned FROM step ORDER BY purchase_id, nth DESC) l
    WHERE p.id = l.purchase_id AND (p.refunded, p.returned) IS DISTINCT FROM (l.refunded, l.returned)
)
UPDATE staged s SET fate = CASE WHEN t.taken IS NULL THEN 'refund_exceeds_purchase' END
FROM step t WHERE t.row_index = s.row_index
