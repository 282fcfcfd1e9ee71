-- Part of attribute_one and attribute_weighed. In: `claimed`, or purchases among which they are, the windows in hours, the span of the claimed purchases.
-- Out: a row for each purchase and touch that may have led to it: a click or a view by the same viewer, within its
-- window (closed), in scope, not by the buyer's own creator and not doubted. Scope is what the content must
-- have tagged at that moment: attribution/scopes.py puts it in.
SELECT p.purchase_id, p.quantity, p.amount, p.occurred_at AS bought_at, t.kind, t.event_id AS touch_id,
    t.occurred_at AS touched_at, t.content, c.creator, c.kind AS content_kind, c.region
FROM {purchases} p
JOIN touch t ON t.viewer = p.viewer
    AND t.occurred_at <= p.occurred_at
    AND t.occurred_at >= p.occurred_at
        - CASE t.kind WHEN 2 THEN make_interval(hours => :click_hours) ELSE make_interval(hours => :view_hours) END
    AND t.occurred_at >= p.occurred_at - make_interval(hours => :longest_hours)
    AND t.occurred_at BETWEEN CAST(:first_at AS timestamptz) - make_interval(hours => :longest_hours) AND :last_at
JOIN content c ON c.id = t.content
JOIN creator m ON m.id = c.creator AND m.viewer IS DISTINCT FROM p.viewer
{scope}
    AND NOT EXISTS (
        SELECT FROM suspect s
        WHERE s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared')
