-- In: payouts that are locked, with their payees locked too. Out: of each, why it must not be sent after all (null:
-- nothing), and what is known of the creator's account at the provider. Reads only.
SELECT p.id, CASE
        WHEN c.status <> 'active' THEN 'creator_suspended'
        WHEN EXISTS (SELECT FROM creator_hold h WHERE h.creator = p.creator AND h.until IS NULL) THEN 'creator_held'
        WHEN y.hold_reason IS NOT NULL THEN 'payee_held'
        WHEN NOT y.verified OR y.destination <> p.destination THEN 'payee_changed'
    END AS obstacle,
    s.account, s.transfers, s.payouts_enabled, s.deleted
FROM payout p
JOIN creator c ON c.id = p.creator
JOIN payee y ON y.creator = p.creator
LEFT JOIN stripe_account s ON s.creator = p.creator
WHERE p.id = ANY (:payouts)
