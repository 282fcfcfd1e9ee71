-- In: bounty, creator, person, now, seen (its updated_at when its terms were read). Out: the new claim and whether it has a slot;
-- no row when nothing was free, the terms have been edited since, or the creator has a claim already. One statement, so that the
-- bounty's row, on which all who claim wait for each other, is held for as short as can be; whoever comes when all is taken
-- does not wait at all. A claim without a slot is for the caller to roll back.
WITH made AS (
    INSERT INTO claim (bounty_id, creator, state, due_at, created_at, updated_at)
    SELECT id, :creator, 'claimed', CAST(:now AS timestamptz) + make_interval(hours => submit_hours), :now, :now
    FROM bounty WHERE id = :bounty AND state = 'open' AND taken < slots AND deadline > :now AND updated_at = :seen
    ON CONFLICT (bounty_id, creator) WHERE state NOT IN ('withdrawn', 'expired') DO NOTHING
    RETURNING *
), taken AS (
    UPDATE bounty SET taken = taken + 1
    WHERE id = (SELECT bounty_id FROM made) AND state = 'open' AND taken < slots AND deadline > :now AND updated_at = :seen
    RETURNING id
), noted AS (
    INSERT INTO claim_move (claim_id, verb, who, person, state, at)
    SELECT made.id, 'claim', 'creator', :person, 'claimed', :now FROM made, taken
)
SELECT made.*, EXISTS (SELECT FROM taken) AS slot FROM made
