-- In: `statement_line`, its currency. Out: for lines without a mark, payouts of 1C files with the order's number and the
-- line's amount: sent ones for money that went out, paid ones for money that came back. Reads only.
SELECT s.id AS line, p.id AS payout, p.destination, s.account
FROM statement_line s
JOIN payout p ON p.currency = :currency AND p.amount = abs(s.amount) AND (
    s.amount < 0 AND p.state IN ('sent', 'unknown', 'sending', 'paid')
    OR s.returns AND p.state = 'paid' AND p.sent_at > s.booked_on - 90)
JOIN file_payment f ON f.payout_id = p.id AND f.end_to_end LIKE 'KPK-%' AND split_part(f.end_to_end, '-', 3) = s.document
WHERE s.mark IS NULL AND s.document IS NOT NULL AND s.account IS NOT NULL AND (s.amount < 0 OR s.returns)
