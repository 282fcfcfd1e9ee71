-- In: `moved`. Out: the attributed purchases of its viewers within the longest window after the touch, queued to be
-- attributed anew. One that is queued already stays so.
INSERT INTO reattribution (purchase_id)
SELECT DISTINCT p.id
FROM (
    SELECT viewer, min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM moved GROUP BY viewer, CAST(occurred_at AS date)
) m
CROSS JOIN (SELECT max(greatest(click_window_hours, view_window_hours)) AS hours FROM policy_version) w
JOIN purchase p ON p.viewer = m.viewer AND p.occurred_at >= m.first_at
    AND p.occurred_at <= m.last_at + make_interval(hours => w.hours)
WHERE EXISTS (SELECT FROM attribution a WHERE a.purchase_id = p.id)
ORDER BY p.id
ON CONFLICT (purchase_id) DO NOTHING
