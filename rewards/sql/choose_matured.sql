-- In: now, how many. Chooses matured rewards that were not released yet, those that matured first; with the last of them
-- all that its creator has of that moment. What was taken back or cut off a reward matures with it, and a limit between
-- the two would make available what is not earned.
INSERT INTO releasing (reward_id, creator, currency, amount, part)
SELECT id, creator, currency, amount, dense_rank() OVER (PARTITION BY currency ORDER BY creator) / 5000
FROM (
    SELECT id, creator, currency, amount FROM reward
    WHERE released_at IS NULL AND matures_at <= :now
    ORDER BY matures_at, creator FETCH FIRST (:limit) ROWS WITH TIES FOR UPDATE
) matured
