-- In: `claimed`. Out: how many purchases, and between which times they lie.
SELECT count(*) AS purchases, min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM claimed
