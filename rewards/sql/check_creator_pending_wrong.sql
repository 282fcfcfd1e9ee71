-- Out: creators whose pending balance is not the sum of their rewards that were not released, with manual entries.
-- Reads only.
SELECT 'creator ' || coalesce(a.creator, w.creator) || ' ' || coalesce(a.currency, w.currency) AS subject,
    'pending less rewards ' || coalesce(a.pending, 0) - coalesce(w.amount, 0) AS detail
FROM (
    SELECT split_part(a.code, ':', 3) AS creator, a.currency, coalesce(m.amount, 0) - b.balance AS pending
    FROM account a JOIN balance b ON b.account_id = a.id
    LEFT JOIN (
        SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
        WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
    ) m ON m.account_id = a.id
    WHERE a.code LIKE 'liabilities:creator:%\:pending'
) a
FULL JOIN (
    SELECT creator, currency, sum(amount) AS amount FROM reward WHERE released_at IS NULL GROUP BY creator, currency
) w ON w.creator = a.creator AND w.currency = a.currency
WHERE coalesce(a.pending, 0) <> coalesce(w.amount, 0)
