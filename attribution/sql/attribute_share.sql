-- In: `chosen`, the policy. Out: the share of each attributed purchase, whole, with what formulas may ask of the sale
-- frozen in it; units and orders in micros. The unique key is the last guard.
INSERT INTO share (purchase_id, policy, content, creator, product, seller, category, kind, region, price, amount, units,
    orders, currency, occurred_at, day)
SELECT h.purchase_id, :policy, h.content, h.creator, h.product, p.seller, p.category, h.content_kind, h.region, p.price,
    h.amount, CAST(h.quantity AS bigint) * 1000000, 1000000, h.currency, h.occurred_at, h.day
FROM chosen h JOIN product p ON p.id = h.product
ORDER BY h.purchase_id
