-- Out: payouts whose entry did not put their amount in transit, or did not take amount and tax from what was available, and
-- postings of such entries without a payout. Reads only.
SELECT coalesce('payout ' || u.id, 'entry ' || p.entry_id || ' of creator ' || p.creator) AS subject,
    'payout ' || coalesce(u.amount, 0) || ' and tax ' || coalesce(u.tax, 0) || ', reserved ' || coalesce(p.in_transit, 0)
        || ' of ' || coalesce(p.gross, 0) AS detail
FROM payout u
FULL JOIN (
    SELECT p.entry_id, split_part(a.code, ':', 3) AS creator, a.currency,
        sum(-p.amount) FILTER (WHERE a.code LIKE '%\:in_transit') AS in_transit,
        sum(p.amount) FILTER (WHERE a.code LIKE '%\:available') AS gross
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'payout.reserve' AND a.code LIKE 'liabilities:creator:%'
    GROUP BY p.entry_id, split_part(a.code, ':', 3), a.currency
) p ON p.entry_id = u.entry_id AND p.creator = u.creator AND p.currency = u.currency
WHERE p.in_transit IS DISTINCT FROM u.amount OR p.gross IS DISTINCT FROM u.amount + u.tax
