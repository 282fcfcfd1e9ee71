-- Out: deposits without a posting of their amount to the fund's unallocated, and entries of that kind without a deposit.
-- Reads only.
SELECT coalesce('deposit ' || d.id, 'entry ' || p.entry_id) AS subject,
    concat_ws(', ', 'amount ' || d.amount, 'entry ' || d.entry_id, 'posted ' || p.amount) AS detail
FROM (SELECT d.id, d.amount, d.entry_id, d.fund, f.currency FROM deposit d JOIN fund f ON f.id = d.fund) d
FULL JOIN (
    SELECT e.id AS entry_id, a.code, a.currency, -p.amount AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'fund.deposit' AND a.code LIKE 'liabilities:fund:%\:unallocated'
) p ON p.entry_id = d.entry_id AND p.code = 'liabilities:fund:' || d.fund || '\:unallocated' AND p.currency = d.currency
WHERE p.amount IS DISTINCT FROM d.amount
