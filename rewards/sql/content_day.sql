-- The figures of each due content and day (temp table due_day, each once), one row each, as the formula language names them.
-- Shares of the policy and currency asked for; followers and likes as at the day's end. Exact: integers times 10^-n.
SELECT d.day, d.creator, d.content, d.day || '/' || d.content AS key, NULL::bigint AS purchase_id,
    k.kind, k.region,
    t.views::numeric, t.qualified_views::numeric, t.completes::numeric,
    div(t.watch_ms::numeric * 1000000000000, 3600000) * 0.000000000001 AS watch_hours,
    c.clicks::numeric,
    s.orders * 0.000001 AS orders, s.units * 0.000001 AS units, s.sales * 0.000001 AS sales,
    s.refunds * 0.000001 AS refunds, (s.sales - s.refunds) * 0.000001 AS net_sales,
    (k.published_at::date = d.day AND (k.deleted_at IS NULL OR k.deleted_at >= d.day + 1))::integer::numeric AS posts,
    f.followers::numeric, l.likes::numeric
FROM due_day d
JOIN content k ON k.id = d.content
LEFT JOIN tally_content_day t ON t.content = d.content AND t.day = d.day
LEFT JOIN (
    SELECT p.content, p.day, sum(p.clicks) AS clicks FROM tally_product_day p
    JOIN (SELECT DISTINCT day, content FROM due_day) x ON x.content = p.content AND x.day = p.day
    GROUP BY p.content, p.day
) c ON c.content = d.content AND c.day = d.day
LEFT JOIN (
    SELECT h.content, h.day, sum(h.orders) AS orders, sum(h.units) FILTER (WHERE h.refund_id IS NULL) AS units,
        sum(h.amount) FILTER (WHERE h.refund_id IS NULL) AS sales,
        coalesce(-sum(h.amount) FILTER (WHERE h.refund_id IS NOT NULL), 0) AS refunds
    FROM share h JOIN due_day x
        ON x.creator = h.creator AND x.content = h.content AND x.day = h.day
    WHERE h.policy = :policy AND h.currency = :currency
    GROUP BY h.content, h.day
) s ON s.content = d.content AND s.day = d.day
LEFT JOIN (
    SELECT x.creator, x.day, count(*) AS followers
    FROM (SELECT DISTINCT day, creator FROM due_day) x
    JOIN follow w ON w.creator = x.creator AND w.since < x.day + 1 AND (w.until IS NULL OR w.until >= x.day + 1)
    GROUP BY x.creator, x.day
) f ON f.creator = d.creator AND f.day = d.day
LEFT JOIN (
    SELECT x.content, x.day, count(*) AS likes
    FROM (SELECT DISTINCT day, content FROM due_day) x
    JOIN content_like w ON w.content = x.content AND w.since < x.day + 1 AND (w.until IS NULL OR w.until >= x.day + 1)
    GROUP BY x.content, x.day
) l ON l.content = d.content AND l.day = d.day
