-- In: a policy, the time its version is in force, the floor known so far. Out: the least id of a purchase of that time
-- that has no attribution from a transaction before this one (what this one wrote may yet be rolled back), or the id
-- after the last one.
SELECT coalesce(
    (SELECT p.id FROM purchase p
    WHERE p.id > :floor AND p.occurred_at >= :since AND p.occurred_at < :until AND NOT EXISTS (
        SELECT FROM attribution a WHERE a.purchase_id = p.id AND a.policy = :policy AND a.attributed_at < now())
    ORDER BY p.id LIMIT 1),
    (SELECT max(id) + 1 FROM purchase))
