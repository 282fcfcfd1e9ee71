-- In: `seen_transfer` (empty when nothing was listed), since when. Out: by currency what was sent by Stripe and by bank
-- files less what came back: by our payouts, by Stripe's transfers of payouts of ours, by the statements' lines. Reads only.
WITH sent AS (
    SELECT u.id, u.currency, r.provider, u.amount, u.reversed, u.state FROM payout u
    JOIN payout_run r ON r.id = u.run_id AND r.provider IN ('stripe', 'bank')
    WHERE u.state IN ('paid', 'returned') AND u.sent_at >= CAST(:since AS timestamptz)
), net AS (
    SELECT currency, count(*) AS payouts, sum(CASE WHEN provider = 'stripe' THEN amount - reversed
        WHEN state = 'paid' THEN amount ELSE 0 END) AS ledger FROM sent GROUP BY currency
), there AS (
    SELECT t.currency, sum(t.amount - t.reversed) AS provider FROM seen_transfer t JOIN payout u ON u.id = t.payout_id
    WHERE u.sent_at >= CAST(:since AS timestamptz) OR u.sent_at IS NULL
    GROUP BY t.currency
), lines AS (
    SELECT l.currency, -sum(l.amount) AS bank FROM bank_line l JOIN sent s ON s.id = l.payout_id AND s.provider = 'bank'
    GROUP BY l.currency
), currencies AS (
    SELECT currency FROM net UNION SELECT currency FROM there UNION SELECT currency FROM lines
    UNION SELECT currency FROM payout_setting UNION SELECT currency FROM bank_statement
    UNION SELECT currency FROM difference WHERE resolved_at IS NULL AND currency <> 'XXX'
)
SELECT currency, coalesce(payouts, 0) AS payouts, coalesce(ledger, 0)\:\:bigint AS ledger,
    coalesce(provider, 0)\:\:bigint AS provider, coalesce(bank, 0)\:\:bigint AS bank
FROM currencies LEFT JOIN net USING (currency) LEFT JOIN there USING (currency) LEFT JOIN lines USING (currency)
ORDER BY currency
