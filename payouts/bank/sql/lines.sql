-- In: the lines of a statement as arrays. Out: those that no statement has brought before, numbered, not yet in
-- `bank_line`. Reads only.
SELECT CAST(NULL AS bigint) AS id, l.number::integer AS number, l.fingerprint, l.booked_on, l.amount,
    nullif(l.reference, '') AS reference, nullif(l.mark, '') AS mark, nullif(l.document, '') AS document,
    nullif(l.counterparty, '') AS counterparty, nullif(l.account, '') AS account, nullif(l.purpose, '') AS purpose,
    l.returns, CAST(NULL AS bigint) AS payout_id
FROM unnest(CAST(:fingerprints AS bytea[]), CAST(:days AS date[]), CAST(:amounts AS bigint[]),
    CAST(:references AS text[]), CAST(:marks AS text[]), CAST(:documents AS text[]), CAST(:counterparties AS text[]),
    CAST(:accounts AS text[]), CAST(:purposes AS text[]), CAST(:returns AS boolean[])) WITH ORDINALITY
    AS l (fingerprint, booked_on, amount, reference, mark, document, counterparty, account, purpose, returns, number)
WHERE NOT EXISTS (SELECT FROM bank_line b WHERE b.fingerprint = l.fingerprint)
