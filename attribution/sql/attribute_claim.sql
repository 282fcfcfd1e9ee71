-- In: a policy's version with the time it is in force, the moment up to which purchases are ready, the floor below which
-- all are attributed, how many at most. Out: temp table `claimed`, the next purchases. The caller holds the lock on
-- attribution, so they stay next.
CREATE TEMP TABLE claimed ON COMMIT DROP AS
SELECT p.id AS purchase_id, p.viewer, p.product, p.quantity, p.amount, p.currency, p.occurred_at, p.day, 1 AS generation
FROM purchase p
WHERE p.id > :floor AND p.occurred_at <= :ready AND p.occurred_at >= :since AND p.occurred_at < :until
    AND NOT EXISTS (SELECT FROM attribution a WHERE a.purchase_id = p.id AND a.policy = :policy)
ORDER BY p.id LIMIT :limit
