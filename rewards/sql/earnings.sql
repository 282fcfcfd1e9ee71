-- In: creator, first and last earning day, what to group by. Money posted, with the counts of the same group and days.
-- Sales are of every policy's default: the one named `default`, in the money's own currency.
WITH money AS (
    SELECT CASE :by WHEN 'day' THEN w.day::text WHEN 'content' THEN t.content WHEN 'product' THEN t.product
            WHEN 'program' THEN w.program ELSE w.program || '/' || r.name END AS grp,
        w.currency, sum(w.amount)::bigint AS earned
    FROM reward w -- and only what the group's name is read from
    LEFT JOIN reward_target t ON :by IN ('content', 'product', 'rule') AND t.id = w.target_id
    LEFT JOIN rule r ON :by = 'rule' AND r.id = t.rule_id
    WHERE w.creator = :creator AND w.day BETWEEN :since AND :until
    GROUP BY 1, 2
), views AS (
    SELECT CASE :by WHEN 'day' THEN t.day::text ELSE t.content END AS grp, sum(t.views)::bigint AS views
    FROM content k JOIN tally_content_day t ON t.content = k.id
    WHERE k.creator = :creator AND t.day BETWEEN :since AND :until AND :by IN ('day', 'content')
    GROUP BY 1
), clicks AS (
    SELECT CASE :by WHEN 'day' THEN t.day::text WHEN 'content' THEN t.content ELSE t.product END AS grp,
        sum(t.clicks)::bigint AS clicks
    FROM content k JOIN tally_product_day t ON t.content = k.id
    WHERE k.creator = :creator AND t.day BETWEEN :since AND :until AND :by IN ('day', 'content', 'product')
    GROUP BY 1
), sales AS (
    SELECT CASE :by WHEN 'day' THEN s.day::text WHEN 'content' THEN s.content ELSE s.product END AS grp, s.currency,
        sum(s.orders) AS orders, sum(s.amount)::bigint AS sales
    FROM share s
    WHERE s.creator = :creator AND s.day BETWEEN :since AND :until AND s.policy = 'default'
        AND :by IN ('day', 'content', 'product')
    GROUP BY 1, 2
), groups AS (
    SELECT grp, currency FROM money UNION SELECT grp, currency FROM sales
)
SELECT q.grp AS "group", q.currency, coalesce(m.earned, 0) AS earned, v.views, c.clicks,
    trim_scale(s.orders * 0.000001)::text AS orders, s.sales
FROM groups q
LEFT JOIN money m ON m.grp IS NOT DISTINCT FROM q.grp AND m.currency = q.currency
LEFT JOIN views v ON v.grp = q.grp
LEFT JOIN clicks c ON c.grp = q.grp
LEFT JOIN sales s ON s.grp = q.grp AND s.currency = q.currency
ORDER BY q.grp NULLS LAST, q.currency
