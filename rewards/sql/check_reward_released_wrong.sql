-- Out: creators in a release whose posting from pending is not the sum of their rewards that it released; who released
-- a sum of nothing has no posting. Reads only.
SELECT 'entry ' || coalesce(w.entry_id, p.entry_id) AS subject,
    'creator ' || coalesce(w.creator, p.creator) || '\: rewards ' || coalesce(w.amount, 0)
        || ', postings ' || coalesce(p.amount, 0) AS detail
FROM (
    SELECT release_entry_id AS entry_id, creator, currency, sum(amount) AS amount
    FROM reward WHERE release_entry_id <> entry_id GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
) w
FULL JOIN (
    SELECT p.entry_id, split_part(a.code, ':', 3) AS creator, a.currency, p.amount
    FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
    WHERE e.kind = 'reward.release' AND a.code LIKE 'liabilities:creator:%\:pending'
) p ON p.entry_id = w.entry_id AND p.creator = w.creator AND p.currency = w.currency
WHERE w.amount IS DISTINCT FROM p.amount
