-- In: a statement and its currency, `statement_line`. Does: keeps the lines, unmatched as yet, and notes their ids. Of the
-- other side's account only the last four digits are kept. A repeat cannot happen: fingerprints are unique.
WITH kept AS (
    INSERT INTO bank_line (statement_id, number, fingerprint, booked_on, amount, currency, reference, counterparty,
            purpose, outcome)
        SELECT :statement, number, fingerprint, booked_on, amount, :currency, reference,
            nullif(concat_ws(' ', counterparty, '*' || right(account, 4)), ''), purpose, 'unmatched'
        FROM statement_line ORDER BY number
        RETURNING id, number
)
UPDATE statement_line s SET id = k.id FROM kept k WHERE k.number = s.number
