-- Out: targets whose `posted` is not the sum of their rewards. Reads only.
SELECT 'target ' || t.id AS subject, 'posted less rewards ' || t.posted - coalesce(w.total, 0) AS detail
FROM reward_target t
LEFT JOIN (SELECT target_id, sum(amount) AS total FROM reward GROUP BY target_id) w ON w.target_id = t.id
WHERE t.posted <> coalesce(w.total, 0)
