-- The temp table trial by side, rule, day and the cap that cut (null: none did), with the keys that it cut: at most some
-- thousand rows. Reads only.
SELECT side, rule, day, cap, sum(amount) AS amount, sum(uncapped) AS uncapped, sum(keys)::bigint AS keys
FROM trial GROUP BY side, rule, day, cap
