-- In: `claimed` purchases of a later generation, `chosen`, the policy. Out: those whose new shares are what they have
-- already, gone from both.
WITH same AS (
    SELECT p.purchase_id FROM claimed p
    WHERE NOT EXISTS (
        SELECT FROM (
            SELECT content, amount, units, orders FROM chosen h WHERE h.purchase_id = p.purchase_id
        ) h FULL JOIN (
            SELECT content, amount, units, orders FROM share s
            WHERE s.purchase_id = p.purchase_id AND s.policy = :policy AND s.refund_id IS NULL
                AND s.generation = p.generation - 1
        ) s USING (content, amount, units, orders)
        WHERE h.content IS NULL OR s.content IS NULL)
), kept AS (
    DELETE FROM chosen USING same WHERE chosen.purchase_id = same.purchase_id
)
DELETE FROM claimed USING same WHERE claimed.purchase_id = same.purchase_id
