-- In: a statement, `statement_line`, locked payouts. Does: lines of payouts that somebody has settled by hand before the
-- statement came become `known`: the books have them. One line a payout and direction. A repeat finds none.
WITH known AS (
    SELECT DISTINCT ON (s.payout_id, s.amount < 0) s.id, s.payout_id
    FROM statement_line s JOIN payout p ON p.id = s.payout_id
    WHERE (s.amount < 0 AND p.state IN ('paid', 'returned') OR s.amount > 0 AND p.state = 'returned')
        AND NOT EXISTS (SELECT FROM bank_line b WHERE b.payout_id = p.id AND (b.amount < 0) = (s.amount < 0))
    ORDER BY s.payout_id, s.amount < 0, s.number
)
UPDATE bank_line b SET outcome = 'known', payout_id = k.payout_id
FROM known k WHERE b.id = k.id AND b.statement_id = :statement AND b.outcome = 'unmatched'
