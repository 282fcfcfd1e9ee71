-- In: a policy and its windows, the claimed range of purchases. Out: temp table `chosen`, a row for each purchase that
-- somebody earns, with the touch. A candidate is a click on the product, or a view, by the same viewer, within its
-- window (closed), of a content that tagged the product at that moment and is not by the buyer's own creator. A click
-- beats a view, then the latest, then the greater event id by bytes. CREATE TABLE AS, because it may run in parallel.
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT DISTINCT ON (p.id) p.id AS purchase_id, p.product, p.quantity, p.amount, p.currency, p.occurred_at, p.day, t.kind,
    t.event_id AS touch_id, t.occurred_at AS touched_at, t.content, c.creator, c.kind AS content_kind, c.region
FROM purchase p
JOIN touch t ON t.viewer = p.viewer
    AND t.occurred_at <= p.occurred_at
    AND t.occurred_at >= p.occurred_at - make_interval(hours => :longest_hours)
    AND (t.kind = 2 AND t.product = p.product
            AND t.occurred_at >= p.occurred_at - make_interval(hours => :click_hours)
        OR t.kind = 1 AND t.occurred_at >= p.occurred_at - make_interval(hours => :view_hours))
JOIN product_tag g ON g.content = t.content AND g.product = p.product
    AND g.tagged_from <= t.occurred_at AND (g.tagged_until IS NULL OR t.occurred_at < g.tagged_until)
JOIN content c ON c.id = t.content
JOIN creator m ON m.id = c.creator AND m.viewer IS DISTINCT FROM p.viewer
WHERE p.id BETWEEN :first_id AND :last_id AND p.occurred_at <= :ready
    AND NOT EXISTS (SELECT FROM attribution a WHERE a.purchase_id = p.id AND a.policy = :policy)
    AND t.occurred_at BETWEEN CAST(:first_at AS timestamptz) - make_interval(hours => :longest_hours) AND :last_at
ORDER BY p.id, t.kind DESC, t.occurred_at DESC, t.event_id DESC
