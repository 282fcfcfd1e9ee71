-- Out: payouts whose entry did not reserve their amount, and postings of such entries without a payout. Reads only.
SELECT coalesce('payout ' || u.id, 'entry ' || p.entry_id || ' of creator ' || p.creator) AS subject,
    'payout ' || coalesce(u.amount, 0) || ', reserved ' || coalesce(p.amount, 0) AS detail
FROM payout u
FULL JOIN (
    SELECT p.entry_id, split_part(a.code, ':', 3) AS creator, a.currency, -p.amount AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'payout.reserve' AND a.code LIKE 'liabilities:creator:%\:in_transit'
) p ON p.entry_id = u.entry_id AND p.creator = u.creator AND p.currency = u.currency
WHERE p.amount IS DISTINCT FROM u.amount
