-- In: the ids' range of unchecked batches, with touches or without, the seconds. Out: into `hit` the clicks on the product by the viewer
-- less than that before one of their purchases, from whichever batch.
INSERT INTO hit (rule, detail, event_id, occurred_at, kind, viewer, content, product)
SELECT DISTINCT 'click_to_purchase', format('bought within %s seconds of the click', CAST(:seconds AS integer)),
    t.event_id, t.occurred_at, t.kind, t.viewer, t.content, t.product
FROM purchase p
JOIN touch t ON t.viewer = p.viewer AND t.kind = 2 AND t.product = p.product
    AND t.occurred_at <= p.occurred_at AND t.occurred_at > p.occurred_at - make_interval(secs => :seconds)
WHERE p.batch_id BETWEEN :first AND :last
