-- In: currency, provider, minimum in micros, the provider's least and the step that it sends in, the day of the
-- reservation, how many digits tax is rounded to, the day before which paid payouts need their receipts, last day of
-- release or null, creators or null (everyone), the creator to start after, how many at most, the pattern of an
-- available account ({} stands for the creator).
-- Out: who can be paid now, in creator order: gross (whole steps), the tax to withhold from it, what is sent. The tax is
-- that of the year's base with this payout, less what was withheld: payouts that came to nothing count in neither, and
-- what a provider took back is no base. Reads only.
WITH law AS MATERIALIZED (
    SELECT DISTINCT ON (tax_status) tax_status, kind, CAST(bands AS jsonb) AS bands FROM withholding
    WHERE currency = :currency AND valid_from <= CAST(:day AS date) ORDER BY tax_status, valid_from DESC
), band AS MATERIALIZED (
    SELECT l.tax_status, CAST(e.band ->> 1 AS numeric) AS rate, CAST(e.band ->> 0 AS numeric) * 1000000 AS most,
        coalesce(lag(CAST(e.band ->> 0 AS numeric) * 1000000)
            OVER (PARTITION BY l.tax_status ORDER BY e.place), 0) AS above
    FROM law l, jsonb_array_elements(l.bands) WITH ORDINALITY e (band, place)
), owner AS NOT MATERIALIZED (
    -- Who has the money, walked in order; what each needs is looked up one by one (a LATERAL with a LIMIT is never joined
    -- otherwise), so that a chunk costs what the chunk is, however large the run.
    SELECT p.creator, p.tax_status, p.destination, p.verified_by, a.id AS available_id, due.gross
    FROM payee p
    CROSS JOIN LATERAL (
        SELECT a.id FROM account a
        WHERE a.code = replace(CAST(:available AS text), '{}', p.creator) AND a.currency = :currency LIMIT 1
    ) a
    CROSS JOIN LATERAL (
        -- What stood at the end of the last day; null (so LEAST takes what stands now) when no day is asked.
        SELECT LEAST(b.normal * b.balance, CASE WHEN CAST(:until AS date) IS NOT NULL
            THEN b.normal * ledger_balance_on(a.id, CAST(:until AS date)) END) / :step * :step AS gross
        FROM balance b WHERE b.account_id = a.id AND b.normal * b.balance >= :minimum LIMIT 1
    ) due
    WHERE p.verified AND p.hold_reason IS NULL AND p.method = :provider
        AND (p.scheme IS NULL OR (p.scheme = 'rubles') = (:currency = 'RUB'))
        AND p.creator > :after
        AND (CAST(:creators AS text[]) IS NULL OR p.creator = ANY (CAST(:creators AS text[])))
        AND due.gross >= :minimum
        AND (p.minimum IS NULL OR p.minimum_currency <> :currency OR due.gross >= p.minimum)
    ORDER BY p.creator OFFSET 0
)
SELECT p.creator, p.tax_status, p.destination, p.verified_by, p.available_id,
    p.gross, owed.tax, l.kind AS tax_kind, p.gross - owed.tax AS amount
FROM owner p
LEFT JOIN LATERAL (SELECT w.kind FROM law w WHERE w.tax_status = p.tax_status LIMIT 1) l ON true
LEFT JOIN LATERAL (
    SELECT sum(u.amount + u.tax - u.reversed) AS base, sum(u.tax) AS tax FROM payout u
    WHERE u.creator = p.creator AND u.currency = :currency AND u.tax_kind = l.kind
        AND u.created_at >= date_trunc('year', CAST(:day AS date)) AND u.state NOT IN ('failed', 'returned', 'cancelled')
) year ON true
CROSS JOIN LATERAL (
    SELECT CAST(GREATEST(coalesce(
        round(sum(k.rate * GREATEST(LEAST(coalesce(year.base, 0) + p.gross, k.most) - k.above, 0)),
            -CAST(:tax_digits AS int)) - coalesce(year.tax, 0), 0), 0) AS bigint) AS tax
    FROM band k WHERE k.tax_status = p.tax_status
) owed
-- Scalar subqueries for the same reason: as NOT EXISTS the planner, which knows nothing yet of the payouts that this very
-- run has written, compares each creator with all of them.
WHERE p.gross - owed.tax >= :least
    AND (SELECT c.status FROM creator c WHERE c.id = p.creator) = 'active'
    AND (SELECT true FROM payout u WHERE u.creator = p.creator AND u.currency = :currency
        AND u.state IN ('reserved', 'sending', 'unknown', 'sent', 'held') LIMIT 1) IS NULL
    AND (SELECT true FROM creator_hold h WHERE h.creator = p.creator AND h.until IS NULL LIMIT 1) IS NULL
    AND (SELECT true FROM payout u WHERE u.creator = p.creator AND u.tax_status = 'self_employed'
        AND u.state = 'paid' AND u.settled_at < CAST(:receipts_before AS date)
        AND (SELECT true FROM receipt r WHERE r.payout_id = u.id) IS NULL LIMIT 1) IS NULL
ORDER BY p.creator
LIMIT :size
