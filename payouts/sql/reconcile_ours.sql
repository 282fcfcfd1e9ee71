-- In: now, the most rows wanted. Out: what our own rows and the bank's statements show: payouts of which nothing is known
-- or heard for too long, bank payments that a person called paid and no statement shows, lines that nobody explained.
-- Kind, payout or line with what its public id is made of, currency, amount, detail, since when. Reads only.
SELECT 'unknown_too_old' AS kind, u.id AS payout_id, u.created_at, CAST(NULL AS bigint) AS line_id, u.currency, u.amount,
    'nobody knows whether it was sent' AS detail, coalesce(a.first_sent_at, u.sent_at, u.created_at) AS since
FROM payout u
LEFT JOIN LATERAL (SELECT min(first_sent_at) AS first_sent_at FROM payout_attempt WHERE payout_id = u.id) a ON true
WHERE u.state = 'unknown'
    AND coalesce(a.first_sent_at, u.sent_at, u.created_at) < CAST(:now AS timestamptz) - interval '20 hours'
UNION ALL
SELECT 'sent_too_long', u.id, u.created_at, NULL, u.currency, u.amount, 'it is ' || u.state || ' and nothing was heard of it',
    coalesce(u.sent_at, r.approved_at, u.created_at)
FROM payout u JOIN payout_run r ON r.id = u.run_id
WHERE r.provider = 'bank' AND u.state = 'sent' AND u.sent_at < CAST(:now AS timestamptz) - interval '5 days'
    OR r.provider = 'stripe' AND u.state = 'sending'
        AND coalesce(u.sent_at, r.approved_at, u.created_at) < CAST(:now AS timestamptz) - interval '1 day'
UNION ALL
SELECT 'paid_here_not_there', u.id, u.created_at, NULL, u.currency, u.amount,
    'no statement up to ' || s.until || ' shows it, ' || u.settled_by || ' said that it was paid', u.settled_at
FROM payout u JOIN payout_run r ON r.id = u.run_id
JOIN (SELECT currency, min(since) AS since, max(until) AS until FROM bank_statement GROUP BY currency) s
    ON s.currency = u.currency AND u.settled_at\:\:date BETWEEN s.since AND s.until - 3
WHERE r.provider = 'bank' AND u.state = 'paid'
    AND NOT EXISTS (SELECT FROM bank_line l WHERE l.payout_id = u.id AND l.amount < 0)
UNION ALL
SELECT 'unmatched_line', NULL, s.created_at, l.id, l.currency, l.amount,
    concat_ws(', ', 'line of ' || l.booked_on, l.counterparty, l.purpose), l.booked_on\:\:timestamptz
FROM bank_line l JOIN bank_statement s ON s.id = l.statement_id
WHERE l.outcome = 'unmatched'
LIMIT :most
