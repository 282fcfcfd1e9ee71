-- In: a statement and its currency, the accounts of bank and suspense, the day. Does: an entry for each of its lines that
-- is still unmatched. A repeat finds each line with its entry.
WITH posted AS MATERIALIZED (
    SELECT l.id, e.entry_id
    FROM (SELECT id, amount, reference FROM bank_line
            WHERE statement_id = :statement AND outcome = 'unmatched' AND entry_id IS NULL AND amount <> 0
            ORDER BY id) l,
        LATERAL ledger_post('bank_line:' || l.id, 'bank.unmatched', :currency, :day, :day, l.reference,
            ARRAY[CAST(:bank AS bigint), CAST(:suspense AS bigint)], ARRAY[l.amount, -l.amount]) e
)
UPDATE bank_line b SET entry_id = p.entry_id FROM posted p WHERE b.id = p.id
