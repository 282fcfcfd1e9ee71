-- In: a policy, the moment up to which purchases are ready, the floor below which all are attributed, how many at most.
-- Out: how many are next, the range of their ids and times. The caller holds the policy's lock, so they stay next.
SELECT count(*) AS purchases, min(id) AS first_id, max(id) AS last_id, min(occurred_at) AS first_at,
    max(occurred_at) AS last_at
FROM (
    SELECT p.id, p.occurred_at FROM purchase p
    WHERE p.id > :floor AND p.occurred_at <= :ready
        AND NOT EXISTS (SELECT FROM attribution a WHERE a.purchase_id = p.id AND a.policy = :policy)
    ORDER BY p.id LIMIT :limit
) next
