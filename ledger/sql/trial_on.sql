-- In: a day of the books, code and currency to start after, how many. Out: every account that had moved by the end of
-- the day, by code and currency, with its balance then (debit positive). Reads only.
SELECT a.code, a.currency, m.balance
-- Sorted before anything is asked about an account (OFFSET keeps the planner from moving it), so that LIMIT spares the rest.
FROM (SELECT id, code, currency FROM account WHERE (code, currency) > (:code, :currency)
    ORDER BY code, currency OFFSET 0) a
CROSS JOIN LATERAL ledger_versions_on(a.id, CAST(:day AS date)) v
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT p.balance FROM posting p WHERE p.account_id = a.id AND p.version = v.settled), 0)
            + coalesce(sum(p.amount), 0)::bigint AS balance,
        v.settled > 0 OR count(*) > 0 AS moved
    FROM posting p WHERE p.account_id = a.id AND p.version > v.settled AND p.version <= v.last
        AND p.booked_on <= CAST(:day AS date)
) m
WHERE m.moved
ORDER BY a.code, a.currency
LIMIT :size
