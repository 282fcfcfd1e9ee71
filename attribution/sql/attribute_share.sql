-- In: `claimed`, `chosen`, the policy. Out: the shares of each attributed purchase, with what formulas may ask of the
-- sale frozen in them; units and orders in micros. The unique key is the last guard.
INSERT INTO share (purchase_id, policy, generation, content, creator, product, seller, category, kind, region, price,
    amount, units, orders, currency, occurred_at, day)
SELECT h.purchase_id, :policy, p.generation, h.content, h.creator, p.product, k.seller, k.category, h.content_kind,
    h.region, k.price, h.amount, h.units, h.orders, p.currency, p.occurred_at, p.day
FROM chosen h JOIN claimed p ON p.purchase_id = h.purchase_id JOIN product k ON k.id = p.product
ORDER BY h.purchase_id, h.content
