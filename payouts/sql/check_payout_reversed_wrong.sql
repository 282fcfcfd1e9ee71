-- Out: payouts whose `reversed` is not what the entries of its reversals gave back to the creator (with the tax, when all
-- was reversed). Reads only.
SELECT coalesce('payout ' || u.id, 'entries of ' || p.payout) AS subject,
    'reversed ' || coalesce(u.amount, 0) || ', posted ' || coalesce(p.amount, 0) AS detail
FROM (
    SELECT id, 'payout:' || id AS payout, creator, reversed + CASE WHEN reversed = amount THEN tax ELSE 0 END AS amount
    FROM payout WHERE reversed > 0
) u
FULL JOIN (
    SELECT split_part(e.key, '\:reversed\:', 1) AS payout, split_part(a.code, ':', 3) AS creator, sum(-p.amount) AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'payout.reversed' AND a.code LIKE 'liabilities:creator:%\:available'
    GROUP BY 1, 2
) p ON p.payout = u.payout AND p.creator = u.creator
WHERE p.amount IS DISTINCT FROM u.amount
