-- The shares of each due purchase (temp table due_purchase), one row a content: `gross` what attribution gave it (a sale
-- attributed anew has the opposite of its first shares and new ones: the sum is what stands), `net` what refunds have
-- left of that.
SELECT s.*, s.gross * 0.000001 AS amount, s.units * 0.000001 AS quantity
FROM (
    SELECT h.day, h.creator, h.content, g.order_ref || '/' || g.product || '/' || h.content AS key, h.purchase_id,
        h.occurred_at, h.kind, h.region, h.product, h.category, h.seller, h.price * 0.000001 AS price,
        coalesce(sum(h.units) FILTER (WHERE h.refund_id IS NULL), 0) AS units,
        coalesce(sum(h.amount) FILTER (WHERE h.refund_id IS NULL), 0)::bigint AS gross, sum(h.amount)::bigint AS net
    FROM share h
    JOIN (SELECT DISTINCT purchase_id FROM due_purchase) d ON d.purchase_id = h.purchase_id
    JOIN purchase g ON g.id = h.purchase_id
    WHERE h.policy = :policy AND h.currency = :currency
    GROUP BY h.day, h.creator, h.content, g.order_ref, g.product, h.purchase_id, h.occurred_at, h.kind, h.region,
        h.product, h.category, h.seller, h.price
) s
