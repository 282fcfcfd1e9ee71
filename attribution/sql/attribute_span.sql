-- In: `claimed`. Out: how many purchases, and between which ids and times they lie.
SELECT count(*) AS purchases, min(purchase_id) AS first_id, max(purchase_id) AS last_id, min(occurred_at) AS first_at,
    max(occurred_at) AS last_at
FROM claimed
