-- Opens the available accounts that are needed.
SELECT count(*) FROM (
    SELECT currency, array_agg(DISTINCT 'liabilities:creator:' || creator || '\:available') AS codes
    FROM releasing GROUP BY currency
) needed, LATERAL ledger_open(needed.codes, needed.currency)
