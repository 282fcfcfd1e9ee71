-- In: `claimed` purchases of a later generation, `chosen`, the policy. Out: those whose new shares are what they have
-- already, gone from both; another touch may have earned them, so that the outcome is written again. Nothing is left to
-- repeat.
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
), earned AS (
    SELECT DISTINCT ON (h.purchase_id) h.purchase_id, h.touch_id, h.touched_at,
        CASE max(h.kind) OVER (PARTITION BY h.purchase_id) WHEN 2 THEN 'click' ELSE 'view' END AS outcome
    FROM chosen h JOIN same ON same.purchase_id = h.purchase_id
    ORDER BY h.purchase_id, h.weight DESC, h.content
), renamed AS (
    UPDATE attribution a SET outcome = e.outcome, touch_id = e.touch_id, touched_at = e.touched_at
    FROM earned e
    WHERE a.purchase_id = e.purchase_id AND a.policy = :policy
        AND (a.outcome, a.touch_id, a.touched_at) IS DISTINCT FROM (e.outcome, e.touch_id, e.touched_at)
), kept AS (
    DELETE FROM chosen USING same WHERE chosen.purchase_id = same.purchase_id
)
DELETE FROM claimed USING same WHERE claimed.purchase_id = same.purchase_id
