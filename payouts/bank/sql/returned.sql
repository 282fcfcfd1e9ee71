-- In: a statement, `statement_line`, locked payouts. Out: the lines by which paid payouts come back, one a payout. Reads
-- only.
SELECT DISTINCT ON (p.id) s.id, s.payout_id, s.reference
FROM statement_line s JOIN bank_line b ON b.id = s.id AND b.outcome = 'unmatched' AND b.statement_id = :statement
JOIN payout p ON p.id = s.payout_id AND p.state = 'paid' AND s.amount = p.amount - p.reversed
WHERE s.amount > 0
ORDER BY p.id, s.number
