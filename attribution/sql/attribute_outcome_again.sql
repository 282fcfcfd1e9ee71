-- In: `claimed` purchases of a later generation, `chosen`, the policy. Out: what attribution made of each purchase now. A
-- repeat finds the generation there already and changes nothing.
UPDATE attribution a SET generation = p.generation, attributed_at = now(),
    outcome = CASE h.kind WHEN 2 THEN 'click' WHEN 1 THEN 'view' ELSE 'none' END,
    touch_id = h.touch_id, touched_at = h.touched_at
FROM claimed p LEFT JOIN (
    SELECT DISTINCT ON (purchase_id) purchase_id, max(kind) OVER (PARTITION BY purchase_id) AS kind, touch_id, touched_at
    FROM chosen ORDER BY purchase_id, weight DESC, content
) h ON h.purchase_id = p.purchase_id
WHERE a.purchase_id = p.purchase_id AND a.policy = :policy AND a.generation = p.generation - 1
