-- In: the batches as in traffic_fresh, the seconds. Out: into `hit` their clicks that a purchase of the product by the
-- viewer followed in less than that. A purchase that came in a later batch finds its click by traffic_fast_purchases.
INSERT INTO hit (rule, detail, event_id, occurred_at, kind, viewer, content, product)
SELECT 'click_to_purchase', format('bought within %s seconds of the click', CAST(:seconds AS integer)), t.event_id,
    t.occurred_at, t.kind, t.viewer, t.content, t.product
FROM touch t
WHERE t.kind = 2 AND t.batch_id BETWEEN :first AND :last
    AND t.occurred_at BETWEEN :first_at AND :last_at
    AND EXISTS (
        SELECT FROM purchase p
        WHERE p.viewer = t.viewer AND p.product = t.product AND p.occurred_at >= t.occurred_at
            AND p.occurred_at < t.occurred_at + make_interval(secs => :seconds))
