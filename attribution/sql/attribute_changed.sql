-- In: `claimed`, `chosen`. Out: the purchases that somebody earns or lost and the days that changed, queued for whoever
-- computes rewards.
WITH purchases AS (
    INSERT INTO changed_purchase (purchase_id)
    SELECT p.purchase_id FROM claimed p
    WHERE p.generation > 1 OR EXISTS (SELECT FROM chosen h WHERE h.purchase_id = p.purchase_id) ORDER BY 1
)
INSERT INTO changed_day (day, creator, content)
SELECT DISTINCT p.day, h.creator, h.content FROM chosen h JOIN claimed p ON p.purchase_id = h.purchase_id
ORDER BY p.day, h.content
