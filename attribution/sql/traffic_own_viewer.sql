-- In: the batches as in traffic_fresh. Out: into `hit` their touches by the viewer that the content's creator is.
INSERT INTO hit (rule, detail, event_id, occurred_at, kind, viewer, content, product)
SELECT 'own_viewer', 'by the creator''s own viewer', t.event_id, t.occurred_at, t.kind, t.viewer, t.content, t.product
FROM touch t
JOIN content c ON c.id = t.content
JOIN creator m ON m.id = c.creator AND m.viewer = t.viewer
WHERE t.batch_id BETWEEN :first AND :last
    AND t.occurred_at BETWEEN :first_at AND :last_at
