-- Out: currencies in which suspense is not what the unmatched lines of statements have moved, without manual entries.
-- Reads only.
SELECT 'suspense ' || coalesce(s.currency, l.currency) AS subject,
    'suspense less unmatched lines ' || coalesce(s.amount, 0) + coalesce(l.amount, 0) AS detail
FROM (
    SELECT a.currency, b.balance - coalesce(m.amount, 0) AS amount
    FROM account a JOIN balance b ON b.account_id = a.id
    LEFT JOIN (
        SELECT p.account_id, sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
        WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
    ) m ON m.account_id = a.id
    WHERE a.code LIKE 'assets:suspense:%'
) s
FULL JOIN (SELECT currency, sum(amount) AS amount FROM bank_line WHERE outcome = 'unmatched' GROUP BY currency) l
    ON l.currency = s.currency
WHERE coalesce(s.amount, 0) + coalesce(l.amount, 0) <> 0
