-- Opens the creators' accounts that the chosen rewards need.
SELECT count(*) FROM (
    SELECT currency, array_agg(DISTINCT 'liabilities:creator:' || creator || ':' || pot) AS codes
    FROM accrual GROUP BY currency
) needed, LATERAL ledger_open(needed.codes, needed.currency)
