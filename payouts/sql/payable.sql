-- In: currency, provider, minimum and minor unit in micros, last day of release or null, creators or null (everyone),
-- the creator to start after, how many at most, the pattern of an available account ({} stands for the creator).
-- Out: who can be paid now and how much (whole minor units), in creator order. Reads only.
SELECT p.creator, p.tax_status, p.destination, a.id AS available_id, due.amount
FROM payee p
JOIN creator c ON c.id = p.creator AND c.status = 'active'
JOIN account a ON a.code = replace(CAST(:available AS text), '{}', p.creator) AND a.currency = :currency
JOIN balance b ON b.account_id = a.id AND b.normal * b.balance >= :minimum
CROSS JOIN LATERAL (
    -- What stood at the end of the last day; null (so LEAST takes what stands now) when no day is asked.
    SELECT LEAST(b.normal * b.balance, CASE WHEN CAST(:until AS date) IS NOT NULL
        THEN b.normal * ledger_balance_on(a.id, CAST(:until AS date)) END) / :unit * :unit AS amount
) due
WHERE p.verified AND p.hold_reason IS NULL AND p.method = :provider
    AND p.creator > :after
    AND (CAST(:creators AS text[]) IS NULL OR p.creator = ANY (CAST(:creators AS text[])))
    AND due.amount >= :minimum
    AND NOT EXISTS (SELECT FROM payout u WHERE u.creator = p.creator AND u.currency = :currency
        AND u.state IN ('reserved', 'sending', 'sent', 'held'))
ORDER BY p.creator
LIMIT :size
