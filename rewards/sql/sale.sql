-- The shares of each due purchase (temp table due_purchase), one row a content: `gross` what attribution gave it (a sale
-- attributed anew has the opposite of its first shares and new ones: the sum is what stands), `net` what refunds have
-- left of that. `stands` is false once the whole of it was attributed to others. What is frozen in the shares of a
-- content is the same in each of them.
SELECT s.day, s.creator, s.content, g.order_ref || '/' || g.product || '/' || s.content AS key, s.purchase_id,
    s.occurred_at, s.kind, s.region, s.product, s.category, s.seller,
    s.gross * 0.000001 AS amount, s.units * 0.000001 AS quantity, s.price * 0.000001 AS price, s.gross, s.net,
    s.stands
FROM (
    SELECT h.purchase_id, h.content, min(h.creator) AS creator, min(h.product) AS product,
        min(h.day) FILTER (WHERE h.refund_id IS NULL) AS day,
        min(h.occurred_at) FILTER (WHERE h.refund_id IS NULL) AS occurred_at,
        min(h.kind) FILTER (WHERE h.refund_id IS NULL) AS kind,
        min(h.region) FILTER (WHERE h.refund_id IS NULL) AS region,
        min(h.category) FILTER (WHERE h.refund_id IS NULL) AS category,
        min(h.seller) FILTER (WHERE h.refund_id IS NULL) AS seller,
        min(h.price) FILTER (WHERE h.refund_id IS NULL) AS price,
        coalesce(sum(h.units) FILTER (WHERE h.refund_id IS NULL), 0) AS units,
        coalesce(sum(h.amount) FILTER (WHERE h.refund_id IS NULL), 0)::bigint AS gross, sum(h.amount)::bigint AS net,
        coalesce(sum(h.orders) FILTER (WHERE h.refund_id IS NULL), 0) <> 0 AS stands
    FROM share h
    JOIN (SELECT DISTINCT purchase_id FROM due_purchase) d ON d.purchase_id = h.purchase_id
    WHERE h.policy = :policy AND h.currency = :currency
    GROUP BY h.purchase_id, h.content
) s
JOIN purchase g ON g.id = s.purchase_id
