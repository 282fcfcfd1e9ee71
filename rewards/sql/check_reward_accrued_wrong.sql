-- Out: creators in an accrual whose posting (to pending, or to available where it had matured) is not the sum of their
-- rewards of that entry. A missing side is a missing entry, posting or reward. Reads only.
SELECT 'entry ' || coalesce(w.entry_id, p.entry_id) AS subject,
    'creator ' || coalesce(w.creator, p.creator) || CASE WHEN coalesce(w.matured, p.matured) THEN ' available' ELSE ' pending' END
        || '\: rewards ' || coalesce(w.amount, 0) || ', postings ' || coalesce(p.amount, 0) AS detail
FROM (
    SELECT entry_id, creator, currency, coalesce(release_entry_id = entry_id, false) AS matured, sum(amount) AS amount
    FROM reward GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0
) w
FULL JOIN (
    SELECT p.entry_id, a.creator, a.currency, a.matured, -p.amount AS amount
    FROM entry e JOIN posting p ON p.entry_id = e.id
    JOIN (
        SELECT id, currency, split_part(code, ':', 3) AS creator, split_part(code, ':', 4) = 'available' AS matured
        FROM account WHERE code LIKE 'liabilities:creator:%'
    ) a ON a.id = p.account_id
    WHERE e.kind = 'reward.accrue'
) p ON p.entry_id = w.entry_id AND p.creator = w.creator AND p.currency = w.currency AND p.matured = w.matured
WHERE w.amount IS DISTINCT FROM p.amount
