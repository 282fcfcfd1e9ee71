-- The figures of each due content and day (temp table due_day) by product: one row for each product that was tagged at
-- some time of the day, clicked or sold. Views, watch time, likes, posts and followers are the content's and the creator's;
-- clicks and what was sold are the product's. Shares of the policy and currency asked for. Category and seller are the
-- product's own of now.
SELECT k.day, k.creator, k.content, k.day || '/' || k.content || '/' || k.product AS key, NULL::bigint AS purchase_id,
    c.kind, c.region, k.product, p.category, p.seller,
    t.views::numeric, t.qualified_views::numeric, t.completes::numeric,
    div(t.watch_ms::numeric * 1000000000000, 3600000) * 0.000000000001 AS watch_hours,
    y.clicks::numeric,
    s.orders * 0.000001 AS orders, s.units * 0.000001 AS units, s.sales * 0.000001 AS sales,
    s.refunds * 0.000001 AS refunds, (s.sales - s.refunds) * 0.000001 AS net_sales,
    (c.published_at::date = k.day AND (c.deleted_at IS NULL OR c.deleted_at >= k.day + 1))::integer::numeric AS posts,
    f.followers::numeric, l.likes::numeric
FROM (
    SELECT d.day, d.creator, d.content, g.product FROM due_day d
    JOIN product_tag g ON g.content = d.content AND g.tagged_from < d.day + 1
        AND (g.tagged_until IS NULL OR g.tagged_until > d.day)
    UNION
    SELECT d.day, d.creator, d.content, y.product FROM due_day d
    JOIN tally_product_day y ON y.content = d.content AND y.day = d.day
    UNION
    SELECT d.day, d.creator, d.content, h.product FROM due_day d
    JOIN share h ON h.creator = d.creator AND h.content = d.content AND h.day = d.day
    WHERE h.policy = :policy AND h.currency = :currency
) k
JOIN content c ON c.id = k.content
JOIN product p ON p.id = k.product
LEFT JOIN tally_content_day t ON t.content = k.content AND t.day = k.day
LEFT JOIN tally_product_day y ON y.content = k.content AND y.day = k.day AND y.product = k.product
LEFT JOIN (
    SELECT h.content, h.day, h.product, sum(h.orders) AS orders, sum(h.units) FILTER (WHERE h.refund_id IS NULL) AS units,
        sum(h.amount) FILTER (WHERE h.refund_id IS NULL) AS sales,
        coalesce(-sum(h.amount) FILTER (WHERE h.refund_id IS NOT NULL), 0) AS refunds
    FROM share h JOIN due_day x
        ON x.creator = h.creator AND x.content = h.content AND x.day = h.day
    WHERE h.policy = :policy AND h.currency = :currency
    GROUP BY h.content, h.day, h.product
) s ON s.content = k.content AND s.day = k.day AND s.product = k.product
LEFT JOIN (
    SELECT x.creator, x.day, count(*) AS followers
    FROM (SELECT DISTINCT day, creator FROM due_day) x
    JOIN follow w ON w.creator = x.creator AND w.since < x.day + 1 AND (w.until IS NULL OR w.until >= x.day + 1)
    GROUP BY x.creator, x.day
) f ON f.creator = k.creator AND f.day = k.day
LEFT JOIN (
    SELECT x.content, x.day, count(*) AS likes
    FROM (SELECT DISTINCT day, content FROM due_day) x
    JOIN content_like w ON w.content = x.content AND w.since < x.day + 1 AND (w.until IS NULL OR w.until >= x.day + 1)
    GROUP BY x.content, x.day
) l ON l.content = k.content AND l.day = k.day
