-- Out: runs whose count or total is not that of their payouts without the cancelled ones. Reads only.
SELECT 'payout run ' || r.id AS subject,
    'count less payouts ' || r.payout_count - coalesce(u.rows, 0) || ', total less payouts ' || r.total - coalesce(u.total, 0)
        AS detail
FROM payout_run r
LEFT JOIN (SELECT run_id, count(*) AS rows, sum(amount) AS total FROM payout WHERE state <> 'cancelled' GROUP BY run_id) u
    ON u.run_id = r.id
WHERE r.payout_count <> coalesce(u.rows, 0) OR r.total <> coalesce(u.total, 0)
