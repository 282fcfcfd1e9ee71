-- Out: transfers whose entry did not move their amount from the one line to the other, and postings of such entries without
-- a transfer. Reads only.
SELECT coalesce('transfer ' || t.id || ' ' || t.side, 'entry ' || p.entry_id) AS subject,
    concat_ws(', ', 'amount ' || t.amount, 'entry ' || t.entry_id, 'posted ' || p.amount || ' on ' || p.code) AS detail
FROM (
    SELECT t.id, t.entry_id, f.currency, s.side, s.amount, 'liabilities:fund:' || t.fund || '\:line\:' || s.line AS code
    FROM fund_transfer t JOIN fund f ON f.id = t.fund
    CROSS JOIN LATERAL (VALUES ('from', t.source, t.amount), ('to', t.target, -t.amount)) s (side, line, amount)
    WHERE t.state = 'done'
) t
FULL JOIN (
    SELECT e.id AS entry_id, a.code, a.currency, p.amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'fund.transfer'
) p ON p.entry_id = t.entry_id AND p.code = t.code AND p.currency = t.currency
WHERE p.amount IS DISTINCT FROM t.amount
