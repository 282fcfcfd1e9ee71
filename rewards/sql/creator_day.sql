-- The figures of each due creator and day (temp table due_day), one row each: sums over the creator's contents, posts
-- published that day, followers and likes as at the day's end. Shares of the policy and currency asked for.
SELECT d.day, d.creator, NULL::text AS content, d.day || '/' || d.creator AS key, NULL::bigint AS purchase_id,
    r.region,
    t.views::numeric, t.qualified_views::numeric, t.completes::numeric,
    div(t.watch_ms::numeric * 1000000000000, 3600000) * 0.000000000001 AS watch_hours,
    c.clicks::numeric,
    s.orders * 0.000001 AS orders, s.units * 0.000001 AS units, s.sales * 0.000001 AS sales,
    s.refunds * 0.000001 AS refunds, (s.sales - s.refunds) * 0.000001 AS net_sales,
    p.posts::numeric, f.followers::numeric, l.likes::numeric
FROM (SELECT DISTINCT day, creator FROM due_day) d
JOIN creator r ON r.id = d.creator
LEFT JOIN (
    SELECT x.creator, x.day, sum(y.views) AS views, sum(y.qualified_views) AS qualified_views,
        sum(y.completes) AS completes, sum(y.watch_ms) AS watch_ms
    FROM (SELECT DISTINCT day, creator FROM due_day) x
    JOIN content k ON k.creator = x.creator JOIN tally_content_day y ON y.content = k.id AND y.day = x.day
    GROUP BY x.creator, x.day
) t ON t.creator = d.creator AND t.day = d.day
LEFT JOIN (
    SELECT x.creator, x.day, sum(y.clicks) AS clicks
    FROM (SELECT DISTINCT day, creator FROM due_day) x
    JOIN content k ON k.creator = x.creator JOIN tally_product_day y ON y.content = k.id AND y.day = x.day
    GROUP BY x.creator, x.day
) c ON c.creator = d.creator AND c.day = d.day
LEFT JOIN (
    SELECT h.creator, h.day, sum(h.orders) AS orders, sum(h.units) FILTER (WHERE h.refund_id IS NULL) AS units,
        sum(h.amount) FILTER (WHERE h.refund_id IS NULL) AS sales,
        coalesce(-sum(h.amount) FILTER (WHERE h.refund_id IS NOT NULL), 0) AS refunds
    FROM share h JOIN (SELECT DISTINCT day, creator FROM due_day) x ON x.creator = h.creator AND x.day = h.day
    WHERE h.policy = :policy AND h.currency = :currency
    GROUP BY h.creator, h.day
) s ON s.creator = d.creator AND s.day = d.day
LEFT JOIN (
    SELECT x.creator, x.day, count(*) AS posts
    FROM (SELECT DISTINCT day, creator FROM due_day) x
    JOIN content k ON k.creator = x.creator AND k.published_at >= x.day AND k.published_at < x.day + 1
        AND (k.deleted_at IS NULL OR k.deleted_at >= x.day + 1)
    GROUP BY x.creator, x.day
) p ON p.creator = d.creator AND p.day = d.day
LEFT JOIN (
    SELECT x.creator, x.day, count(*) AS followers
    FROM (SELECT DISTINCT day, creator FROM due_day) x
    JOIN follow w ON w.creator = x.creator AND w.since < x.day + 1 AND (w.until IS NULL OR w.until >= x.day + 1)
    GROUP BY x.creator, x.day
) f ON f.creator = d.creator AND f.day = d.day
LEFT JOIN (
    SELECT x.creator, x.day, count(*) AS likes
    FROM (SELECT DISTINCT day, creator FROM due_day) x
    JOIN content k ON k.creator = x.creator
    JOIN content_like w ON w.content = k.id AND w.since < x.day + 1 AND (w.until IS NULL OR w.until >= x.day + 1)
    GROUP BY x.creator, x.day
) l ON l.creator = d.creator AND l.day = d.day
