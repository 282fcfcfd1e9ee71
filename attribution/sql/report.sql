-- In: a policy, the first and the last day. Out: purchases of these days by currency and outcome (`waiting`: not yet
-- attributed), gross amounts in micros.
SELECT coalesce(a.outcome, 'waiting') AS outcome, p.currency, count(*) AS purchases, sum(p.amount) AS amount
FROM purchase p LEFT JOIN attribution a ON a.purchase_id = p.id AND a.policy = :policy
WHERE p.occurred_at >= CAST(CAST(:since AS date) AS timestamptz)
    AND p.occurred_at < CAST(CAST(:until AS date) + 1 AS timestamptz)
GROUP BY 1, 2 ORDER BY 1, 2
