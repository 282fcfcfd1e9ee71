-- In: an account, first and last day. Out: the versions among which the days' postings are (above low, up to high), the
-- balance at the start of the first day and at the end of the last. Natural signs. Reads only.
SELECT low.settled AS low, high.last AS high,
    a.normal * ledger_balance_on(a.id, CAST(:since AS date) - 1) AS opening,
    a.normal * ledger_balance_on(a.id, CAST(:until AS date)) AS closing
FROM account a, ledger_versions_on(a.id, CAST(:since AS date) - 1) low,
    ledger_versions_on(a.id, CAST(:until AS date)) high
WHERE a.id = :account
