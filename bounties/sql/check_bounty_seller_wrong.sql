-- Out: sellers whose balance did not give to escrow and get from it what their bounties say, by currency. Reads only.
WITH ours AS (
    SELECT 'liabilities:seller:' || seller || '\:balance' AS code, currency, sum(returned - funded) AS amount
    FROM bounty GROUP BY 1, 2
), theirs AS (
    SELECT a.code, a.currency, -sum(p.amount) AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind IN ('bounty.fund', 'bounty.return', 'bounty.pay', 'bounty.bonus')
        AND a.code LIKE 'liabilities:seller:%\:balance'
    GROUP BY a.code, a.currency
)
SELECT coalesce(o.code, t.code) || ' ' || coalesce(o.currency, t.currency) AS subject,
    concat_ws(', ', 'by bounties ' || o.amount, 'posted ' || t.amount) AS detail
FROM ours o FULL JOIN theirs t ON t.code = o.code AND t.currency = o.currency
WHERE coalesce(o.amount, 0) <> coalesce(t.amount, 0)
