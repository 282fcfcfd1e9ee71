-- In: a locked run whose payees are locked too, the moment. Does: its reserved payouts become sent, those whose payee or
-- creator is no longer as it was approved become held with the reason. Out: how many of each. A repeat finds none
-- reserved.
WITH checked AS (
    SELECT p.id, CASE
        WHEN c.status <> 'active' THEN 'creator_suspended'
        WHEN EXISTS (SELECT FROM creator_hold h WHERE h.creator = p.creator AND h.until IS NULL) THEN 'creator_held'
        WHEN y.hold_reason IS NOT NULL THEN 'payee_held'
        WHEN NOT y.verified OR y.destination <> p.destination THEN 'payee_changed'
    END AS obstacle
    FROM payout p JOIN creator c ON c.id = p.creator JOIN payee y ON y.creator = p.creator
    WHERE p.run_id = :run AND p.state = 'reserved'
), moved AS (
    UPDATE payout p SET
        state = CASE WHEN k.obstacle IS NULL THEN 'sent' ELSE 'held' END,
        hold_reason = k.obstacle,
        held_by = NULL,
        sent_at = CASE WHEN k.obstacle IS NULL THEN CAST(:now AS timestamptz) END
        FROM checked k WHERE p.id = k.id AND p.state = 'reserved'
        RETURNING p.state
)
SELECT count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state = 'held') AS held FROM moved
