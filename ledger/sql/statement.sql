-- In: account codes (taken together), currency, first and last day. Out: one row a posting in the order of the books,
-- each with the opening and closing balance; one row without an entry when nothing was booked. Natural signs. Reads only.
WITH accounts AS (
    SELECT a.id, a.normal, low.settled AS low, high.last AS high
    FROM account a, ledger_versions_on(a.id, CAST(:since AS date) - 1) low,
        ledger_versions_on(a.id, CAST(:until AS date)) high
    WHERE a.code = ANY (:codes) AND a.currency = :currency
), ends AS (
    SELECT coalesce(sum(normal * ledger_balance_on(id, CAST(:since AS date) - 1)), 0)::bigint AS opening,
        coalesce(sum(normal * ledger_balance_on(id, CAST(:until AS date))), 0)::bigint AS closing
    FROM accounts
), lines AS (
    SELECT p.entry_id, (sum(p.amount * a.normal))::bigint AS amount
    FROM accounts a JOIN posting p ON p.account_id = a.id AND p.version > a.low AND p.version <= a.high
    WHERE p.booked_on BETWEEN :since AND :until
    GROUP BY p.entry_id HAVING sum(p.amount * a.normal) <> 0
)
SELECT s.opening, s.closing, l.entry_id, l.amount, e.kind, e.note, e.booked_on, e.effective_on, e.recorded_at
FROM ends s
LEFT JOIN (lines l JOIN entry e ON e.id = l.entry_id) ON true
ORDER BY e.booked_on, l.entry_id
LIMIT :limit
