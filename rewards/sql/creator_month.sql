-- The figures of each due creator and month (temp table due_month, its first day), one row each: sums over the month's
-- days and the creator's contents, posts published in it, followers and likes as at its end. `day` is its last day.
-- Shares of the policy and currency asked for.
WITH due AS (
    SELECT DISTINCT creator, month AS first, (month + interval '1 month')::date AS next FROM due_month
)
SELECT d.next - 1 AS day, d.first, d.creator, NULL::text AS content, to_char(d.first, 'YYYY-MM') || '/' || d.creator AS key,
    NULL::bigint AS purchase_id, r.region,
    t.views::numeric, t.qualified_views::numeric, t.completes::numeric,
    div(t.watch_ms::numeric * 1000000000000, 3600000) * 0.000000000001 AS watch_hours,
    c.clicks::numeric,
    s.orders * 0.000001 AS orders, s.units * 0.000001 AS units, s.sales * 0.000001 AS sales,
    s.refunds * 0.000001 AS refunds, (s.sales - s.refunds) * 0.000001 AS net_sales,
    p.posts::numeric, f.followers::numeric, l.likes::numeric
FROM due d
JOIN creator r ON r.id = d.creator
LEFT JOIN (
    SELECT x.creator, x.first, sum(y.views) AS views, sum(y.qualified_views) AS qualified_views,
        sum(y.completes) AS completes, sum(y.watch_ms) AS watch_ms
    FROM due x
    JOIN content k ON k.creator = x.creator
    JOIN tally_content_day y ON y.content = k.id AND y.day >= x.first AND y.day < x.next
    GROUP BY x.creator, x.first
) t ON t.creator = d.creator AND t.first = d.first
LEFT JOIN (
    SELECT x.creator, x.first, sum(y.clicks) AS clicks
    FROM due x
    JOIN content k ON k.creator = x.creator
    JOIN tally_product_day y ON y.content = k.id AND y.day >= x.first AND y.day < x.next
    GROUP BY x.creator, x.first
) c ON c.creator = d.creator AND c.first = d.first
LEFT JOIN (
    SELECT x.creator, x.first, sum(h.orders) AS orders, sum(h.units) FILTER (WHERE h.refund_id IS NULL) AS units,
        sum(h.amount) FILTER (WHERE h.refund_id IS NULL) AS sales,
        coalesce(-sum(h.amount) FILTER (WHERE h.refund_id IS NOT NULL), 0) AS refunds
    FROM due x JOIN share h ON h.creator = x.creator AND h.day >= x.first AND h.day < x.next
    WHERE h.policy = :policy AND h.currency = :currency
    GROUP BY x.creator, x.first
) s ON s.creator = d.creator AND s.first = d.first
LEFT JOIN (
    SELECT x.creator, x.first, count(*) AS posts
    FROM due x
    JOIN content k ON k.creator = x.creator AND k.published_at >= x.first AND k.published_at < x.next
        AND (k.deleted_at IS NULL OR k.deleted_at >= k.published_at::date + 1)
    GROUP BY x.creator, x.first
) p ON p.creator = d.creator AND p.first = d.first
LEFT JOIN (
    SELECT x.creator, x.first, count(*) AS followers
    FROM due x
    JOIN follow w ON w.creator = x.creator AND w.since < x.next AND (w.until IS NULL OR w.until >= x.next)
    GROUP BY x.creator, x.first
) f ON f.creator = d.creator AND f.first = d.first
LEFT JOIN (
    SELECT x.creator, x.first, count(*) AS likes
    FROM due x
    JOIN content k ON k.creator = x.creator
    JOIN content_like w ON w.content = k.id AND w.since < x.next AND (w.until IS NULL OR w.until >= x.next)
    GROUP BY x.creator, x.first
) l ON l.creator = d.creator AND l.first = d.first
