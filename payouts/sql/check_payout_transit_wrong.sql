-- Out: creators whose in-transit balance is not the sum of their payouts that are not settled, with manual entries.
-- Reads only.
SELECT 'creator ' || coalesce(a.creator, u.creator) || ' ' || coalesce(a.currency, u.currency) AS subject,
    'in transit less payouts ' || coalesce(a.in_transit, 0) - coalesce(u.amount, 0) AS detail
FROM (
    SELECT split_part(a.code, ':', 3) AS creator, a.currency, coalesce(m.amount, 0) - b.balance AS in_transit
    FROM account a JOIN balance b ON b.account_id = a.id
    LEFT JOIN (
        SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
        WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
    ) m ON m.account_id = a.id
    WHERE a.code LIKE 'liabilities:creator:%\:in_transit'
) a
FULL JOIN (
    SELECT creator, currency, sum(amount) AS amount FROM payout
    WHERE state IN ('reserved', 'sending', 'unknown', 'sent', 'held') GROUP BY creator, currency
) u ON u.creator = a.creator AND u.currency = a.currency
WHERE coalesce(a.in_transit, 0) <> coalesce(u.amount, 0)
