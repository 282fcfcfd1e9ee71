-- Out: creators, and the income from fees, that did not get from bounties what the claims say, by currency. Reads only.
WITH ours AS (
    SELECT 'liabilities:creator:' || c.creator || '\:available' AS code, b.currency, sum(c.price + c.bonus) AS amount
    FROM claim c JOIN bounty b ON b.id = c.bounty_id GROUP BY 1, 2
    UNION ALL
    SELECT 'income:fees:bounty', b.currency, sum(c.fee) FROM claim c JOIN bounty b ON b.id = c.bounty_id GROUP BY 2
), theirs AS (
    SELECT a.code, a.currency, -sum(p.amount) AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind IN ('bounty.pay', 'bounty.bonus') AND (a.code LIKE 'liabilities:creator:%' OR a.code LIKE 'income:%')
    GROUP BY a.code, a.currency
)
SELECT coalesce(o.code, t.code) || ' ' || coalesce(o.currency, t.currency) AS subject,
    concat_ws(', ', 'by claims ' || o.amount, 'posted ' || t.amount) AS detail
FROM ours o FULL JOIN theirs t ON t.code = o.code AND t.currency = o.currency
WHERE coalesce(o.amount, 0) <> coalesce(t.amount, 0)
