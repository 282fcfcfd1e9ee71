-- In: `chosen`, the policy. Out: what attribution made of each purchase, once. The primary key is the last guard.
INSERT INTO attribution (purchase_id, policy, outcome, touch_id, touched_at)
SELECT purchase_id, :policy, CASE kind WHEN 2 THEN 'click' WHEN 1 THEN 'view' ELSE 'none' END, touch_id, touched_at
FROM chosen ORDER BY purchase_id
