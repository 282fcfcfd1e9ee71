-- Out: sellers whose money in transit is not their withdrawals that wait to be sent, or whose balance was not moved by what the
-- withdrawals say; entries by hand explain what they moved. Reads only.
WITH ours AS (
    SELECT 'liabilities:seller:' || seller || '\:in_transit' AS code, currency,
        coalesce(sum(amount) FILTER (WHERE state = 'requested'), 0) AS amount
    FROM seller_withdrawal GROUP BY 1, 2
    UNION ALL
    SELECT 'liabilities:seller:' || seller || '\:balance', currency,
        -coalesce(sum(amount) FILTER (WHERE state IN ('requested', 'paid')), 0)
    FROM seller_withdrawal GROUP BY 1, 2
), theirs AS (
    SELECT a.code, a.currency, -sum(p.amount) AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'seller.withdrawal' AND a.code LIKE 'liabilities:seller:%' GROUP BY a.code, a.currency
)
SELECT coalesce(o.code, t.code) || ' ' || coalesce(o.currency, t.currency) AS subject,
    concat_ws(', ', 'by withdrawals ' || o.amount, 'posted ' || t.amount) AS detail
FROM ours o FULL JOIN theirs t ON t.code = o.code AND t.currency = o.currency
WHERE coalesce(o.amount, 0) <> coalesce(t.amount, 0)
