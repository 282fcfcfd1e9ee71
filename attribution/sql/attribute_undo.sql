-- In: `claimed` purchases of a later generation, the policy. Out: the opposite of every share of the generation before,
-- what refunds took back included; the days that lose something queued. The unique key is the last guard.
WITH undone AS (
    INSERT INTO share (purchase_id, policy, generation, refund_id, content, creator, product, seller, category, kind,
        region, price, amount, units, orders, currency, occurred_at, day)
    SELECT s.purchase_id, s.policy, -s.generation, s.refund_id, s.content, s.creator, s.product, s.seller, s.category,
        s.kind, s.region, s.price, -s.amount, -s.units, -s.orders, s.currency, s.occurred_at, s.day
    FROM claimed p JOIN share s ON s.purchase_id = p.purchase_id AND s.policy = :policy
        AND s.generation = p.generation - 1
    ORDER BY s.purchase_id, s.content
    RETURNING creator, content, day
)
INSERT INTO changed_day (day, creator, content) SELECT DISTINCT day, creator, content FROM undone ORDER BY day, content
