-- In: a creator and the prefix of its accounts. One row a currency: natural balances and what matures next.
SELECT a.currency,
    coalesce(sum(-b.balance) FILTER (WHERE a.code = :prefix || 'pending'), 0)::bigint AS pending,
    coalesce(sum(-b.balance) FILTER (WHERE a.code = :prefix || 'available'), 0)::bigint AS available,
    coalesce(sum(-b.balance) FILTER (WHERE a.code = :prefix || 'in_transit'), 0)::bigint AS in_transit,
    n.matures_at AS next_at, n.amount AS next_amount
FROM account a JOIN balance b ON b.account_id = a.id
LEFT JOIN LATERAL (
    SELECT w.matures_at, sum(w.amount)::bigint AS amount FROM reward w
    WHERE w.creator = :creator AND w.currency = a.currency AND w.released_at IS NULL
    GROUP BY w.matures_at ORDER BY w.matures_at LIMIT 1
) n ON true
WHERE a.code IN (:prefix || 'pending', :prefix || 'available', :prefix || 'in_transit')
GROUP BY a.currency, n.matures_at, n.amount ORDER BY a.currency
