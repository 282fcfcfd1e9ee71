-- In: a statement and its currency, `statement_line`, locked runs and payouts, the bank's account, the pattern of an
-- in-transit account, who imported, day and moment, how many at most. Does: payouts that were on their way and whose
-- payment went out become paid, each with its entry in_transit -> bank, and their lines say so. Out: how many. A repeat
-- finds no payout on its way.
WITH due AS MATERIALIZED (
    SELECT DISTINCT ON (p.id) s.id AS line, p.id, p.amount, a.id AS account_id, concat_ws(' ', s.mark, s.reference) AS note,
        left(coalesce(s.reference, s.mark, 'statement'), 140) AS reference
    FROM statement_line s JOIN bank_line b ON b.id = s.id AND b.outcome = 'unmatched'
    JOIN payout p ON p.id = s.payout_id AND p.state IN ('sent', 'sending', 'unknown')
    JOIN account a ON a.code = replace(CAST(:in_transit AS text), '{}', p.creator) AND a.currency = :currency
    WHERE s.amount < 0
    ORDER BY p.id, s.number LIMIT :size
), posted AS MATERIALIZED (
    SELECT d.line, d.id, d.reference, e.entry_id
    FROM due d, LATERAL ledger_post('payout:' || d.id || '\:paid', 'payout.paid', :currency, :day, :day, d.note,
        ARRAY[d.account_id, CAST(:bank AS bigint)], ARRAY[d.amount, -d.amount]) e
), moved AS (
    UPDATE payout p SET state = 'paid', reference = o.reference, settled_at = :now, settled_by = :person
    FROM posted o WHERE p.id = o.id RETURNING p.id
), told AS (
    UPDATE bank_line b SET outcome = 'paid', payout_id = o.id, entry_id = o.entry_id
    FROM posted o WHERE b.id = o.line AND b.statement_id = :statement RETURNING b.id
)
SELECT (SELECT count(*) FROM moved) AS paid, (SELECT count(*) FROM told) AS lines
