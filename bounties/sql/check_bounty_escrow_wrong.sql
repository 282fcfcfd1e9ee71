-- Out: bounties whose escrow account does not hold what was funded, less released, less returned; entries by hand explain what
-- they moved. Reads only.
WITH escrow AS (
    SELECT a.code, a.currency, -b.balance - coalesce(m.amount, 0) AS holds
    FROM account a JOIN balance b ON b.account_id = a.id
    LEFT JOIN (
        SELECT p.account_id, -sum(p.amount) AS amount FROM entry e JOIN posting p ON p.entry_id = e.id
        WHERE e.kind IN ('adjustment', 'reversal') GROUP BY p.account_id
    ) m ON m.account_id = a.id
    WHERE a.code LIKE 'liabilities:bounty:%\:escrow'
)
SELECT coalesce('bounty ' || b.id, e.code) AS subject,
    concat_ws(', ', 'held ' || b.funded - b.released - b.returned, 'escrow holds ' || e.holds) AS detail
FROM bounty b FULL JOIN escrow e ON e.code = b.escrow AND e.currency = b.currency
WHERE coalesce(b.funded - b.released - b.returned, 0) <> coalesce(e.holds, 0)
