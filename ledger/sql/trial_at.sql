-- In: a watermark, code and currency to start after, how many. Out: every account that had moved when the watermark was
-- taken, by code and currency, with its balance then (debit positive). Reads only.
SELECT a.code, a.currency, p.balance
-- Sorted before anything is asked about an account (OFFSET keeps the planner from moving it), so that LIMIT spares the rest.
FROM (SELECT id, code, currency FROM account WHERE (code, currency) > (:code, :currency)
    ORDER BY code, currency OFFSET 0) a
CROSS JOIN LATERAL (
    SELECT p.balance FROM posting p
    WHERE p.account_id = a.id AND p.version = ledger_version_at(a.id, CAST(:watermark AS bigint))
) p
ORDER BY a.code, a.currency
LIMIT :size
