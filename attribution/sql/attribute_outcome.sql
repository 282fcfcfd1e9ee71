-- In: `claimed` purchases not attributed before, `chosen`, the policy and its version. Out: what attribution made of each
-- purchase, once. The primary key is the last guard; ON CONFLICT would cost half as much again.
INSERT INTO attribution (purchase_id, policy, version, generation, outcome, touch_id, touched_at)
SELECT p.purchase_id, :policy, :version, p.generation,
    CASE h.kind WHEN 2 THEN 'click' WHEN 1 THEN 'view' ELSE 'none' END, h.touch_id, h.touched_at
FROM claimed p LEFT JOIN (
    SELECT DISTINCT ON (purchase_id) purchase_id, max(kind) OVER (PARTITION BY purchase_id) AS kind, touch_id, touched_at
    FROM chosen ORDER BY purchase_id, weight DESC, content
) h ON h.purchase_id = p.purchase_id
ORDER BY p.purchase_id
