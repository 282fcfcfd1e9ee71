-- In: a proposed adjustment, locked by the caller or just made. Does: opens the accounts that it names first and posts
-- its entry. Out: the entry. A repeat answers the same entry, by its key.
WITH chosen AS MATERIALIZED (
    SELECT * FROM adjustment WHERE id = :adjustment
), leg AS MATERIALIZED (
    SELECT item ->> 0 AS code, (item ->> 1)::bigint AS amount FROM chosen, jsonb_array_elements(postings) AS item
), opened AS MATERIALIZED (
    SELECT o.code, o.account_id
    FROM chosen c, LATERAL ledger_open(ARRAY(SELECT code FROM leg ORDER BY 1), c.currency) o
), legs AS (
    SELECT array_agg(o.account_id) AS accounts, array_agg(l.amount) AS amounts FROM leg l JOIN opened o ON o.code = l.code
)
SELECT e.entry_id FROM chosen c, legs l, LATERAL ledger_post('adjustment\:' || c.id,
    CASE WHEN c.reversal THEN 'reversal' ELSE 'adjustment' END, c.currency, c.effective_on, c.effective_on, c.reason,
    l.accounts, l.amounts, '{}', '{}', c.corrects) e
