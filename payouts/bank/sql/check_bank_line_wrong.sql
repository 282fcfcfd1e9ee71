-- Out: lines of statements that say something else of a payout than the payout does, and payouts that two lines pay or
-- return. Reads only.
SELECT 'bank line ' || b.id AS subject,
    b.outcome || ' ' || b.amount || ', payout ' || coalesce(p.id || ' ' || p.state || ' ' || p.amount, 'none') AS detail
FROM bank_line b LEFT JOIN payout p ON p.id = b.payout_id
WHERE (b.outcome IN ('paid', 'returned', 'known')) <> (p.id IS NOT NULL)
    OR (b.outcome = 'paid' OR b.outcome = 'known' AND b.amount < 0)
        AND (p.state NOT IN ('paid', 'returned') OR p.amount <> -b.amount)
    OR (b.outcome = 'returned' OR b.outcome = 'known' AND b.amount > 0) AND p.state <> 'returned'
    OR b.outcome IN ('paid', 'returned') AND b.entry_id IS NULL
UNION ALL
SELECT 'payout ' || payout_id, count(*) || ' lines ' || CASE WHEN amount < 0 THEN 'out' ELSE 'in' END
FROM bank_line WHERE payout_id IS NOT NULL
GROUP BY payout_id, amount < 0, CASE WHEN amount < 0 THEN 'out' ELSE 'in' END HAVING count(*) > 1
