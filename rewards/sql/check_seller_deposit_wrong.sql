-- Out: sellers' deposits without a posting of their amount to the seller's balance, and entries of that kind without a
-- deposit. Reads only.
SELECT coalesce('seller deposit ' || d.id, 'entry ' || p.entry_id) AS subject,
    concat_ws(', ', 'amount ' || d.amount, 'entry ' || d.entry_id, 'posted ' || p.amount) AS detail
FROM seller_deposit d
FULL JOIN (
    SELECT e.id AS entry_id, a.code, a.currency, -p.amount AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'seller.deposit' AND a.code LIKE 'liabilities:seller:%\:balance'
) p ON p.entry_id = d.entry_id AND p.code = 'liabilities:seller:' || d.seller || '\:balance' AND p.currency = d.currency
WHERE p.amount IS DISTINCT FROM d.amount
