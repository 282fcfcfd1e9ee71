-- Out: sellers whose balance is not their deposits, less the rewards that they pay for, with manual entries and
-- what the kinds below moved: `top_up_wrong`, `bounty_seller_wrong` and `withdrawal_wrong` prove those. Reads only.
WITH explained AS (
    SELECT seller, currency, amount FROM seller_deposit
    UNION ALL
    SELECT t.seller, w.currency, -w.amount
    FROM program p JOIN reward w ON w.program = p.id JOIN reward_target t ON t.id = w.target_id
    WHERE p.fund IS NULL
), should AS (
    SELECT seller, currency, sum(amount) AS amount FROM explained GROUP BY seller, currency
), holds AS (
    SELECT split_part(a.code, ':', 3) AS seller, a.currency, coalesce(m.amount, 0) - b.balance AS amount
    FROM account a JOIN balance b ON b.account_id = a.id
    LEFT JOIN (
        SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
        WHERE e.kind IN ('adjustment', 'reversal', 'seller.top_up', 'seller.withdrawal') OR e.kind LIKE 'bounty.%' GROUP BY p.account_id
    ) m ON m.account_id = a.id
    WHERE a.code LIKE 'liabilities:seller:%\:balance'
)
SELECT 'seller ' || coalesce(h.seller, s.seller, 'nobody') || ' ' || coalesce(h.currency, s.currency) AS subject,
    'balance less what it should hold ' || coalesce(h.amount, 0) - coalesce(s.amount, 0) AS detail
FROM holds h FULL JOIN should s ON s.seller = h.seller AND s.currency = h.currency
WHERE coalesce(h.amount, 0) <> coalesce(s.amount, 0)
