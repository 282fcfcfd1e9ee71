-- Out: payouts that are paid, failed or returned without an entry of their amount (and of their tax, where it goes back),
-- and such entries without a payout in that state. What was returned had been paid before; what the provider took back
-- piece by piece has no entry of its return as a whole. Reads only.
SELECT coalesce('payout ' || u.id, 'entry ' || p.entry_id) AS subject,
    'payout ' || coalesce(u.outcome || ' ' || u.amount, 'none') || ', posted '
        || coalesce(p.kind || ' ' || p.amount, 'none') AS detail
FROM (
    SELECT u.id, 'payout:' || u.id || ':' || o.outcome AS key, o.outcome, u.creator, u.currency,
        CASE o.outcome WHEN 'paid' THEN u.amount WHEN 'failed' THEN u.amount + u.tax
            ELSE u.amount + u.tax - u.reversed END AS amount
    FROM payout u JOIN (VALUES ('paid', 'paid'), ('failed', 'failed'), ('returned', 'paid'), ('returned', 'returned'))
        AS o (state, outcome) ON o.state = u.state
    WHERE o.outcome <> 'returned' OR u.reversed < u.amount
) u
FULL JOIN (
    SELECT e.key, e.id AS entry_id, e.kind, split_part(a.code, ':', 3) AS creator, a.currency, abs(p.amount) AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'payout.paid' AND a.code LIKE 'liabilities:creator:%\:in_transit'
        OR e.kind IN ('payout.failed', 'payout.returned') AND a.code LIKE 'liabilities:creator:%\:available'
) p ON p.key = u.key AND p.creator = u.creator AND p.currency = u.currency AND p.kind = 'payout.' || u.outcome
WHERE p.amount IS DISTINCT FROM u.amount
