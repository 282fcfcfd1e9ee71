-- In: a watermark. Out: by currency the sum of the balances that it saw and of the debit ones: what stands now without
-- the entries that it did not see, in one pass over the end of the books. Reads only.
WITH unseen AS MATERIALIZED (
    SELECT e.id FROM watermark w JOIN entry e
        ON e.xid >= w.below_xid AND NOT ledger_visible(e.xid, w.xid_offset, w.snapshot::pg_snapshot)
    WHERE w.n = CAST(:watermark AS bigint)
), later AS (
    SELECT p.account_id, sum(p.amount) AS amount, count(*) AS postings
    FROM posting p JOIN unseen u ON u.id = p.entry_id
    WHERE p.entry_id >= (SELECT min(id) FROM unseen)
    GROUP BY p.account_id
), stood AS (
    SELECT a.currency, b.balance - coalesce(l.amount, 0) AS balance
    FROM balance b JOIN account a ON a.id = b.account_id LEFT JOIN later l ON l.account_id = b.account_id
    WHERE b.version > coalesce(l.postings, 0)
)
SELECT currency, sum(balance) AS total, sum(balance) FILTER (WHERE balance > 0) AS debits
FROM stood GROUP BY currency ORDER BY currency
