-- In: a locked run, its currency, attempts with their fences, references and notes (arrays of one length), the pattern of
-- an in-transit account, the provider's bank account, person, day, moment. Does what settle_row does with `paid`, for each
-- attempt that is still under its fence and whose payout is on its way: an entry in_transit -> bank, the payout paid, the
-- attempt confirmed. Out: those attempts. A repeat finds none under its fence.
WITH mine AS MATERIALIZED (
    SELECT g.attempt, g.reference, g.note, p.id, p.creator, p.amount
    FROM unnest(CAST(:attempts AS bigint[]), CAST(:fences AS bigint[]), CAST(:references AS text[]), CAST(:notes AS text[]))
        AS g (attempt, fence, reference, note)
    JOIN payout_attempt a ON a.id = g.attempt AND a.fence = g.fence AND a.state = 'claimed'
    JOIN payout p ON p.id = a.payout_id AND p.run_id = :run AND p.state IN ('sending', 'unknown')
    ORDER BY p.id
), posted AS MATERIALIZED (
    SELECT m.id, e.entry_id
    FROM mine m
    JOIN account t ON t.code = replace(CAST(:in_transit AS text), '{}', m.creator) AND t.currency = :currency,
        LATERAL ledger_post('payout:' || m.id || '\:paid', 'payout.paid', :currency, :day, :day, m.note,
            ARRAY[t.id, CAST(:bank AS bigint)], ARRAY[m.amount, -m.amount]) e
), settled AS (
    UPDATE payout p SET state = 'paid', reference = m.reference, settled_at = :now, settled_by = :person
        FROM mine m JOIN posted USING (id) WHERE p.id = m.id RETURNING p.id
), ended AS (
    UPDATE payout_attempt a SET state = 'confirmed', reference = m.reference, code = NULL, detail = NULL, ended_at = :now
        FROM mine m JOIN settled USING (id) WHERE a.id = m.attempt RETURNING a.id
)
SELECT id FROM ended
