-- In: claims and their bonuses, now. They are settled, and their bounties' money counted: what is not paid goes back. Out: the
-- claims that were still waiting. A repeat finds none of them.
WITH given AS (
    SELECT * FROM unnest(CAST(:claims AS bigint[]), CAST(:amounts AS bigint[])) AS g (id, amount)
), settled AS (
    UPDATE claim c SET bonus_state = 'settled', bonus = g.amount, bonus_at = :now, updated_at = :now
    FROM given g WHERE c.id = g.id AND c.bonus_state = 'waiting'
    RETURNING c.id, c.bounty_id, g.amount
), counted AS (
    UPDATE bounty b SET released = b.released + s.amount, returned = b.returned + b.bonus_max * s.n - s.amount
    FROM (SELECT bounty_id, sum(amount)::bigint AS amount, count(*) AS n FROM settled GROUP BY bounty_id) s
    WHERE s.bounty_id = b.id
)
SELECT id FROM settled
