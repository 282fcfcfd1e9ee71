-- Out: grants whose entry did not move their amount from the line to the creator's available, and postings of such entries
-- without a grant. Reads only.
SELECT coalesce('grant ' || g.id || ' ' || g.side, 'entry ' || p.entry_id) AS subject,
    concat_ws(', ', 'amount ' || g.amount, 'entry ' || g.entry_id, 'posted ' || p.amount || ' on ' || p.code) AS detail
FROM (
    SELECT g.id, g.entry_id, f.currency, s.side, s.amount, s.code
    FROM fund_grant g JOIN fund f ON f.id = g.fund
    CROSS JOIN LATERAL (VALUES
        ('from', 'liabilities:fund:' || g.fund || '\:line\:' || g.line, g.amount),
        ('to', 'liabilities:creator:' || g.creator || '\:available', -g.amount)) s (side, code, amount)
    WHERE g.state = 'done'
) g
FULL JOIN (
    SELECT e.id AS entry_id, a.code, a.currency, p.amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'fund.grant'
) p ON p.entry_id = g.entry_id AND p.code = g.code AND p.currency = g.currency
WHERE p.amount IS DISTINCT FROM g.amount
