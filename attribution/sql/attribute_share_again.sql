-- As attribute_share, for purchases that are attributed anew: what was frozen of the sale, and of a content that had a
-- share of it before, stays as it was frozen then.
INSERT INTO share (purchase_id, policy, generation, content, creator, product, seller, category, kind, region, price,
    amount, units, orders, currency, occurred_at, day)
SELECT h.purchase_id, :policy, p.generation, h.content, h.creator, p.product, coalesce(f.seller, k.seller),
    coalesce(f.category, k.category), coalesce(c.kind, h.content_kind),
    CASE WHEN c.kind IS NULL THEN h.region ELSE c.region END, coalesce(f.price, k.price), h.amount, h.units, h.orders,
    p.currency, p.occurred_at, p.day
FROM chosen h JOIN claimed p ON p.purchase_id = h.purchase_id JOIN product k ON k.id = p.product
LEFT JOIN LATERAL (
    SELECT s.seller, s.category, s.price FROM share s
    WHERE s.purchase_id = p.purchase_id AND s.policy = :policy LIMIT 1
) f ON true
LEFT JOIN LATERAL (
    SELECT s.kind, s.region FROM share s
    WHERE s.purchase_id = p.purchase_id AND s.policy = :policy AND s.content = h.content LIMIT 1
) c ON true
ORDER BY h.purchase_id, h.content
