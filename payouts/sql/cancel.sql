-- In: a locked run, its currency, the patterns of the creators' accounts and of a tax account, the entry's key and note,
-- person, day, moment. Does: cancels its reserved and held payouts and gives their money back, with the tax that was
-- withheld, in one entry in_transit and tax -> available. Out: how many, their sum. A repeat finds no payout left to
-- cancel and posts nothing.
WITH cancelled AS (
    UPDATE payout SET state = 'cancelled', settled_at = :now, settled_by = :person
        WHERE run_id = :run AND state IN ('reserved', 'held') RETURNING creator, amount, tax, tax_kind
), owed AS (
    SELECT replace(CAST(:tax AS text), '{}', tax_kind) AS code, sum(tax)::bigint AS amount
    FROM cancelled WHERE tax > 0 GROUP BY tax_kind
), leg AS (
    SELECT t.id AS account_id, c.amount FROM cancelled c
    JOIN account t ON t.code = replace(CAST(:in_transit AS text), '{}', c.creator) AND t.currency = :currency
    UNION ALL
    SELECT t.id, w.amount FROM owed w JOIN account t ON t.code = w.code AND t.currency = :currency
    UNION ALL
    SELECT a.id, -(c.amount + c.tax) FROM cancelled c
    JOIN account a ON a.code = replace(CAST(:available AS text), '{}', c.creator) AND a.currency = :currency
), posted AS MATERIALIZED (
    SELECT e.entry_id
    FROM (SELECT array_agg(account_id) AS accounts, array_agg(amount) AS amounts FROM leg HAVING count(*) > 0) l,
        LATERAL ledger_post(:key, 'payout.cancel', :currency, :day, :day, :note, l.accounts, l.amounts) e
)
SELECT count(*) AS payouts, coalesce(sum(amount), 0)::bigint AS total, (SELECT count(*) FROM posted) AS entries
FROM cancelled
