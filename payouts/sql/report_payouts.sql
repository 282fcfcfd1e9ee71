-- In: first and last day, and by which of their moments payouts fall into it. Out: the payouts of these days with what
-- the public ids of payout and run are made of, by id. Reads only.
SELECT u.id, u.created_at, u.run_id, r.created_at AS run_created_at, u.creator, c.name, r.provider, u.state, u.currency,
    u.amount + u.tax AS gross, u.tax, u.tax_kind, u.amount, u.reversed, u.reference,
    u.created_at AS reserved_at, u.sent_at, u.settled_at
FROM payout u
JOIN payout_run r ON r.id = u.run_id
JOIN creator c ON c.id = u.creator
WHERE CASE :by WHEN 'reserved' THEN u.created_at WHEN 'sent' THEN u.sent_at ELSE u.settled_at END
        >= CAST(:since AS date)\:\:timestamp AT TIME ZONE current_setting('TimeZone')
    AND CASE :by WHEN 'reserved' THEN u.created_at WHEN 'sent' THEN u.sent_at ELSE u.settled_at END
        < (CAST(:until AS date) + 1)\:\:timestamp AT TIME ZONE current_setting('TimeZone')
ORDER BY u.id
