-- In: the temporary table `drafted` (rows of payable.sql, of one chunk), the run, its currency, the patterns of an
-- in-transit and a tax account, the entry's key and note, day and moment. Does: one compound entry available ->
-- in_transit and tax, each creator's available not below zero afterwards, and the payouts. Out: how many, their sum, the
-- last creator. A repeat cannot happen: the run's cursor moves in the same transaction, and its creators are unique.
WITH owed AS MATERIALIZED (
    SELECT replace(CAST(:tax AS text), '{}', tax_kind) AS code, sum(tax)::bigint AS amount
    FROM drafted WHERE tax > 0 GROUP BY tax_kind
), opened AS MATERIALIZED (
    SELECT code, account_id FROM ledger_open(ARRAY(
        SELECT replace(CAST(:in_transit AS text), '{}', creator) FROM drafted
        UNION ALL SELECT code FROM owed ORDER BY 1), :currency)
), leg AS (
    SELECT available_id AS account_id, gross AS amount FROM drafted
    UNION ALL
    SELECT o.account_id, -d.amount
    FROM drafted d JOIN opened o ON o.code = replace(CAST(:in_transit AS text), '{}', d.creator)
    UNION ALL
    SELECT o.account_id, -w.amount FROM owed w JOIN opened o ON o.code = w.code
), posted AS MATERIALIZED (
    SELECT e.entry_id
    FROM (SELECT array_agg(account_id) AS accounts, array_agg(amount) AS amounts FROM leg HAVING count(*) > 0) l,
        (SELECT array_agg(available_id) AS accounts, array_agg(0::bigint) AS least FROM drafted) f,
        LATERAL ledger_post(:key, 'payout.reserve', :currency, :day, :day, :note,
            l.accounts, l.amounts, f.accounts, f.least) e
), written AS (
    INSERT INTO payout (run_id, creator, currency, amount, tax, tax_kind, tax_status, destination, verified_by, entry_id,
            created_at)
        SELECT :run, d.creator, :currency, d.amount, d.tax, d.tax_kind, d.tax_status, d.destination, d.verified_by,
            p.entry_id, :now
        FROM drafted d, posted p ORDER BY d.creator
        RETURNING creator, amount
)
SELECT count(*) AS payouts, coalesce(sum(amount), 0)::bigint AS total, max(creator) AS last FROM written
