-- Out: tax accounts whose balance is not the tax of the payouts that did not come to nothing, with manual entries: tax that
-- was paid to the tax office, say. Reads only.
SELECT coalesce(a.code, u.code) || ' ' || coalesce(a.currency, u.currency) AS subject,
    'owed less withheld ' || coalesce(a.owed, 0) - coalesce(u.tax, 0) AS detail
FROM (
    SELECT a.code, a.currency, coalesce(m.amount, 0) - b.balance AS owed
    FROM account a JOIN balance b ON b.account_id = a.id
    LEFT JOIN (
        SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
        WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
    ) m ON m.account_id = a.id
    WHERE a.code LIKE 'liabilities:tax:%'
) a
FULL JOIN (
    SELECT 'liabilities:tax:' || tax_kind AS code, currency, sum(tax) AS tax FROM payout
    WHERE tax > 0 AND state NOT IN ('failed', 'returned', 'cancelled') GROUP BY tax_kind, currency
) u ON u.code = a.code AND u.currency = a.currency
WHERE coalesce(a.owed, 0) <> coalesce(u.tax, 0)
