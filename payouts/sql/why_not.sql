-- In: a creator who is not payable in a currency, the currency, its provider, the day before which paid payouts need their
-- receipts. Out: the first reason, in the order in which somebody can do something about it. Reads only.
SELECT CASE
    WHEN c.status <> 'active' THEN 'creator_suspended'
    WHEN EXISTS (SELECT FROM creator_hold h WHERE h.creator = c.id AND h.until IS NULL) THEN 'creator_held'
    WHEN p.creator IS NULL THEN 'payee_missing'
    WHEN p.hold_reason IS NOT NULL THEN 'payee_held'
    WHEN NOT p.verified THEN 'payee_unverified'
    WHEN p.method <> :provider THEN 'payee_other_method'
    WHEN (p.scheme = 'rubles') <> (:currency = 'RUB') THEN 'payee_other_currency'
    WHEN EXISTS (SELECT FROM payout u WHERE u.creator = c.id AND u.currency = :currency
        AND u.state IN ('reserved', 'sending', 'unknown', 'sent', 'held')) THEN 'payout_unfinished'
    WHEN EXISTS (SELECT FROM payout u WHERE u.creator = c.id AND u.tax_status = 'self_employed'
        AND u.state = 'paid' AND u.settled_at < CAST(:receipts_before AS date)
        AND NOT EXISTS (SELECT FROM receipt r WHERE r.payout_id = u.id)) THEN 'receipt_missing'
    ELSE 'below_minimum'
END AS reason
FROM creator c LEFT JOIN payee p ON p.creator = c.id
WHERE c.id = :creator
