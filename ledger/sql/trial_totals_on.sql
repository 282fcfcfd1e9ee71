-- In: a day of the books. Out: by currency the sum of the balances by the end of the day and of the debit ones: what
-- stands now without what was booked later, in one pass over the end of the books. Reads only.
WITH later AS (
    SELECT p.account_id, sum(p.amount) AS amount, count(*) AS postings
    FROM posting p
    WHERE p.booked_on > CAST(:day AS date)
        AND p.entry_id >= (SELECT e.id FROM entry e WHERE e.booked_on > CAST(:day AS date) ORDER BY e.id LIMIT 1)
    GROUP BY p.account_id
), stood AS (
    SELECT a.currency, b.balance - coalesce(l.amount, 0) AS balance
    FROM balance b JOIN account a ON a.id = b.account_id LEFT JOIN later l ON l.account_id = b.account_id
    WHERE b.version > coalesce(l.postings, 0)
)
SELECT currency, sum(balance) AS total, sum(balance) FILTER (WHERE balance > 0) AS debits
FROM stood GROUP BY currency ORDER BY currency
