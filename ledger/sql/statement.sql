-- In: account codes (taken together), currency, first and last day. Out: one row a posting in the order of the books,
-- each with the opening balance; one row without an entry when nothing was booked. Natural signs. Reads only.
WITH accounts AS (
    SELECT id, normal FROM account WHERE code = ANY (:codes) AND currency = :currency
), opening AS (
    SELECT coalesce(sum(p.amount * a.normal), 0)::bigint AS opening
    FROM accounts a JOIN posting p ON p.account_id = a.id WHERE p.booked_on < :since
), lines AS (
    SELECT p.entry_id, (sum(p.amount * a.normal))::bigint AS amount
    FROM accounts a JOIN posting p ON p.account_id = a.id
    WHERE p.booked_on BETWEEN :since AND :until
    GROUP BY p.entry_id HAVING sum(p.amount * a.normal) <> 0
)
SELECT o.opening, l.entry_id, l.amount, e.kind, e.note, e.booked_on, e.effective_on, e.recorded_at
FROM opening o
LEFT JOIN (lines l JOIN entry e ON e.id = l.entry_id) ON true
ORDER BY e.booked_on, l.entry_id
LIMIT :limit
