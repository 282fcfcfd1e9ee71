-- In: `seen_transfer` (every transfer made since :since), when the listing began, the most rows wanted. Out: what does not
-- agree between Stripe's transfers and our payouts: kind, payout (null: of none of ours), transfer, currency, amount,
-- detail, when the payout was made. What is younger than 15 minutes may still be on its way to us or to them. Reads only.
WITH seen AS (
    SELECT t.*, u.id AS ours, u.state, u.reference, u.amount AS sent, u.reversed AS taken_back, u.currency AS cur
    FROM seen_transfer t
    LEFT JOIN payout u ON u.id = t.payout_id
), live AS ( -- what was not taken back whole, by the payout it names or by itself
    SELECT coalesce(ours\:\:text, id) AS subject, ours, min(id) AS id, count(*) AS transfers, min(currency) AS currency,
        sum(amount - reversed)\:\:bigint AS net, max(created_at) AS newest, bool_or(id = reference) AS named,
        min(state) AS state, string_agg(id, ', ' ORDER BY id) AS ids,
        coalesce(sum(amount - reversed) FILTER (WHERE id = reference), min(amount - reversed))\:\:bigint AS one
    FROM seen WHERE reversed < amount GROUP BY 1, 2
), settled AS ( -- paid by Stripe, and first sent since then
    SELECT u.* FROM payout u
    JOIN payout_run r ON r.id = u.run_id AND r.provider = 'stripe'
    WHERE u.state IN ('paid', 'returned') AND u.settled_at < :listed_at
        AND u.created_at >= CAST(:since AS timestamptz) - interval '100 days'
        AND (SELECT min(a.first_sent_at) FROM payout_attempt a WHERE a.payout_id = u.id)
            >= CAST(:since AS timestamptz) + interval '1 hour'
), found AS (
    SELECT CASE WHEN EXISTS (SELECT FROM payout_attempt a -- its look-up found that it is not what was meant
            WHERE a.payout_id = ours AND a.ended_at IS NULL AND a.code = 'differs') THEN 'differs'
        ELSE 'paid_there_not_here' END AS kind, ours AS payout_id, id AS transfer, currency, one AS amount,
        'Stripe has ' || ids || ', ' || coalesce('our payout is ' || state, 'no payout of ours is named') AS detail
    FROM live
    WHERE (state IS NULL OR state NOT IN ('paid', 'returned'))
        AND newest < CAST(:listed_at AS timestamptz) - interval '15 minutes'
    UNION ALL
    SELECT 'twice_there', ours, id, currency, net - CASE WHEN named OR transfers > 1 THEN one ELSE 0 END,
        'Stripe has several transfers of it: ' || ids
    FROM live
    WHERE ours IS NOT NULL AND (transfers > 1 OR state IN ('paid', 'returned') AND NOT coalesce(named, false))
    UNION ALL
    SELECT 'differs', ours, id, cur, CASE WHEN currency = cur THEN amount - sent ELSE amount END,
        'Stripe sent ' || trim_scale(amount * 0.000001) || ' ' || currency || ', we ' || trim_scale(sent * 0.000001) || ' ' || cur
    FROM seen WHERE id = reference AND state IN ('paid', 'returned') AND (amount <> sent OR currency <> cur)
    UNION ALL
    SELECT 'reversed_there_not_here', ours, id, cur, reversed - taken_back,
        'Stripe took back ' || trim_scale(reversed * 0.000001) || ', we credited ' || trim_scale(taken_back * 0.000001)
    FROM seen s
    WHERE id = reference AND state IN ('paid', 'returned') AND reversed <> taken_back
        AND NOT EXISTS (SELECT FROM reversal v WHERE v.payout_id = s.ours AND v.state IN ('asked', 'unknown'))
    UNION ALL
    SELECT 'paid_here_not_there', u.id, u.reference, u.currency, u.amount, 'Stripe does not have ' || coalesce(u.reference, '?')
    FROM settled u
    WHERE NOT EXISTS (SELECT FROM seen_transfer t -- another payout's pays no second one
        WHERE t.id = u.reference AND (t.payout_id = u.id OR t.payout_id IS NULL))
)
SELECT f.*, u.created_at FROM found f LEFT JOIN payout u ON u.id = f.payout_id LIMIT :most
