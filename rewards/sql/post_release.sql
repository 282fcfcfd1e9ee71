-- In: now. One compound entry a currency and part of 5,000 creators: pending -> available by each creator's sum.
-- A creator whose lines cancel out has no posting; a part of nothing but such creators has no entry.
WITH sums AS (
    SELECT currency, part, creator, sum(amount)::bigint AS amount FROM releasing
    GROUP BY currency, part, creator HAVING sum(amount) <> 0
), legs AS (
    SELECT currency, part, 'liabilities:creator:' || creator || '\:pending' AS code, amount FROM sums
    UNION ALL
    SELECT currency, part, 'liabilities:creator:' || creator || '\:available', -amount FROM sums
), grouped AS (
    SELECT l.currency, l.part, array_agg(a.id ORDER BY a.id) AS accounts, array_agg(l.amount ORDER BY a.id) AS amounts
    FROM legs l JOIN account a ON a.code = l.code AND a.currency = l.currency GROUP BY l.currency, l.part
), posted AS (
    SELECT g.currency, g.part, e.entry_id FROM grouped g, LATERAL ledger_post(
        'release:' || gen_random_uuid(), 'reward.release', g.currency, CAST(:today AS timestamptz)::date,
        CAST(:today AS timestamptz)::date, NULL, g.accounts, g.amounts) e
)
UPDATE releasing r SET entry_id = p.entry_id FROM posted p WHERE p.currency = r.currency AND p.part = r.part
