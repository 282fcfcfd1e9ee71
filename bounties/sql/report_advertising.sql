-- In: first and last day. Out: a row for each content of a paid claim and month in which it was seen or paid: who advertises, by
-- which contract and token, its views and what was paid for it. Reads only.
WITH paid AS (
    SELECT c.id, date_trunc('month', c.decided_at)\:\:date AS month, c.price AS amount FROM claim c
    WHERE c.price > 0 AND c.decided_at >= CAST(:since AS date)\:\:timestamptz
        AND c.decided_at < (CAST(:until AS date) + 1)\:\:timestamptz
    UNION ALL
    SELECT c.id, date_trunc('month', c.bonus_at)\:\:date, c.bonus FROM claim c
    WHERE c.bonus_state = 'settled' AND c.bonus > 0 AND c.bonus_at >= CAST(:since AS date)\:\:timestamptz
        AND c.bonus_at < (CAST(:until AS date) + 1)\:\:timestamptz
), seen AS (
    SELECT c.id, date_trunc('month', t.day)\:\:date AS month, sum(t.views) AS views
    FROM claim c JOIN tally_content_day t ON t.content = c.content AND t.day BETWEEN :since AND :until
    WHERE c.state IN ('approved', 'split') GROUP BY 1, 2
), months AS (
    SELECT coalesce(p.id, s.id) AS id, coalesce(p.month, s.month) AS month, coalesce(s.views, 0) AS views,
        coalesce(p.amount, 0) AS amount
    FROM (SELECT id, month, sum(amount)\:\:bigint AS amount FROM paid GROUP BY id, month) p
    FULL JOIN seen s ON s.id = p.id AND s.month = p.month
)
SELECT m.month, c.content, c.creator, b.seller, l.name AS advertiser, b.contract, c.token, b.product, b.id, b.created_at,
    m.views, b.currency, m.amount
FROM months m JOIN claim c ON c.id = m.id JOIN bounty b ON b.id = c.bounty_id JOIN seller l ON l.id = b.seller
ORDER BY m.month, c.id
