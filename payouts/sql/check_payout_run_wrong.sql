-- Out: runs whose count or total is not that of their payouts without the cancelled ones, payouts of no run, and creators
-- of payouts that nobody knows: payouts have no foreign keys. Reads only.
SELECT 'payout run ' || coalesce(r.id, u.run_id) AS subject,
    CASE WHEN r.id IS NULL THEN 'there is no such run'
        ELSE 'count less payouts ' || r.payout_count - coalesce(u.rows, 0)
            || ', total less payouts ' || r.total - coalesce(u.total, 0) END AS detail
FROM payout_run r
FULL JOIN (
    SELECT run_id, count(*) FILTER (WHERE state <> 'cancelled') AS rows,
        coalesce(sum(amount) FILTER (WHERE state <> 'cancelled'), 0) AS total
    FROM payout GROUP BY run_id
) u ON u.run_id = r.id
WHERE r.id IS NULL OR r.payout_count <> coalesce(u.rows, 0) OR r.total <> coalesce(u.total, 0)
UNION ALL
SELECT 'creator ' || u.creator, 'there is no such creator of ' || count(*) || ' payouts'
FROM payout u LEFT JOIN creator c ON c.id = u.creator
WHERE c.id IS NULL
GROUP BY u.creator
