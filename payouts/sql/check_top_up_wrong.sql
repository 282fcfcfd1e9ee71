-- Out: paid top-ups without a posting of their amount to the seller's balance, and entries of that kind without a paid
-- top-up. Reads only.
SELECT coalesce('top-up ' || t.id, 'entry ' || p.entry_id) AS subject,
    concat_ws(', ', 'amount ' || t.amount, 'entry ' || t.entry_id, 'posted ' || p.amount) AS detail
FROM (SELECT * FROM top_up WHERE state = 'paid') t
FULL JOIN (
    SELECT e.id AS entry_id, a.code, a.currency, -p.amount AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'seller.top_up' AND a.code LIKE 'liabilities:seller:%\:balance'
) p ON p.entry_id = t.entry_id AND p.code = 'liabilities:seller:' || t.seller || '\:balance' AND p.currency = t.currency
WHERE p.amount IS DISTINCT FROM t.amount
