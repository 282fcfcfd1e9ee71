-- In: one purchase, a policy's windows, scope and model, the moment up to which touches had come, how many to show. Out:
-- the touches of its buyer within the longest window and how many there are; whether each is taken, its weight, or the
-- first reason why not. What is taken comes first, then the latest: that much is kept of very many.
WITH claimed AS MATERIALIZED (
{claimed}
), candidate AS MATERIALIZED (
{candidates}
), weighed AS MATERIALIZED (
{weighed}
)
SELECT t.event_id, t.kind, t.occurred_at, t.content, t.product, c.creator, w.touch_id IS NOT NULL AS taken, w.weight,
    count(*) OVER () AS touches,
    CASE WHEN w.touch_id IS NOT NULL THEN NULL
        WHEN k.touch_id IS NOT NULL THEN :beaten
        WHEN t.occurred_at < p.occurred_at
            - CASE t.kind WHEN 2 THEN make_interval(hours => :click_hours) ELSE make_interval(hours => :view_hours) END
            THEN 'outside_window'
        WHEN NOT ({ever}) THEN 'not_in_scope'
        WHEN m.viewer = p.viewer THEN 'own_content'
        WHEN EXISTS (SELECT FROM suspect s
            WHERE s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared') THEN 'suspect'
        WHEN NOT (true {known}) THEN 'came_later'
        ELSE 'tag_not_standing' END AS reason
FROM claimed p
JOIN touch t ON t.viewer = p.viewer AND t.occurred_at <= p.occurred_at
    AND t.occurred_at >= p.occurred_at - make_interval(hours => :longest_hours)
JOIN content c ON c.id = t.content
JOIN creator m ON m.id = c.creator
LEFT JOIN candidate k ON k.touch_id = t.event_id AND k.touched_at = t.occurred_at
LEFT JOIN weighed w ON w.touch_id = t.event_id AND w.touched_at = t.occurred_at
ORDER BY w.touch_id IS NULL, t.occurred_at DESC, t.kind DESC, t.event_id DESC
LIMIT :most
