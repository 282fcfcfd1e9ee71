-- The shares of each due purchase (temp table due_purchase), one row a share, with what refunds have left of it.
SELECT h.day, h.creator, h.content, g.order_ref || '/' || g.product || '/' || h.content AS key, h.purchase_id,
    h.occurred_at, h.kind, h.region, h.product, h.category, h.seller,
    h.amount * 0.000001 AS amount, h.units * 0.000001 AS quantity, h.price * 0.000001 AS price,
    h.amount AS gross, h.amount + coalesce(b.taken, 0) AS net
FROM share h
JOIN (SELECT DISTINCT purchase_id FROM due_purchase) d ON d.purchase_id = h.purchase_id
JOIN purchase g ON g.id = h.purchase_id
LEFT JOIN (
    SELECT r.purchase_id, r.content, sum(r.amount) AS taken FROM share r
    JOIN (SELECT DISTINCT purchase_id FROM due_purchase) x ON x.purchase_id = r.purchase_id
    WHERE r.policy = :policy AND r.refund_id IS NOT NULL
    GROUP BY r.purchase_id, r.content
) b ON b.purchase_id = h.purchase_id AND b.content = h.content
WHERE h.policy = :policy AND h.currency = :currency AND h.refund_id IS NULL
