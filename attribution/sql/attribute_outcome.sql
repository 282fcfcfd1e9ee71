-- In: `chosen`, the policy, the claimed range of purchases. Out: what attribution made of each of them, once. The
-- primary key is the last guard.
INSERT INTO attribution (purchase_id, policy, outcome, touch_id, touched_at)
SELECT p.id, :policy, CASE h.kind WHEN 2 THEN 'click' WHEN 1 THEN 'view' ELSE 'none' END, h.touch_id, h.touched_at
FROM purchase p LEFT JOIN chosen h ON h.purchase_id = p.id
WHERE p.id BETWEEN :first_id AND :last_id AND p.occurred_at <= :ready
    AND NOT EXISTS (SELECT FROM attribution a WHERE a.purchase_id = p.id AND a.policy = :policy)
ORDER BY p.id
