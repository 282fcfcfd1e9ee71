-- In: now, how many. Locks matured rewards that were not released yet.
INSERT INTO releasing (reward_id, creator, currency, amount, part)
SELECT id, creator, currency, amount, dense_rank() OVER (PARTITION BY currency ORDER BY creator) / 5000
FROM (
    SELECT id, creator, currency, amount FROM reward
    WHERE released_at IS NULL AND matures_at <= :now
    ORDER BY matures_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
) matured
