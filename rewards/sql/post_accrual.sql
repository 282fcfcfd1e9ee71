-- Posts the chosen targets: one compound entry a program, earning day and part of 5,000 creators, the lines or sellers
-- that pay on the other side. The key is new each time: that nothing is posted twice is kept by due minus posted, in this
-- transaction. Where all comes to nothing there is no entry.
WITH legs AS (
    SELECT program, day, part, currency, 'liabilities:creator:' || creator || ':' || pot AS code, -sum(amount) AS amount
    FROM accrual GROUP BY program, day, part, currency, creator, pot HAVING sum(amount) <> 0
    UNION ALL
    SELECT program, day, part, currency, source, sum(amount)
    FROM accrual GROUP BY program, day, part, currency, source HAVING sum(amount) <> 0
), grouped AS (
    SELECT l.program, l.day, l.part, l.currency, array_agg(a.id ORDER BY a.id) AS accounts,
        array_agg(l.amount::bigint ORDER BY a.id) AS amounts
    FROM legs l JOIN account a ON a.code = l.code AND a.currency = l.currency
    GROUP BY l.program, l.day, l.part, l.currency
), posted AS (
    SELECT g.program, g.day, g.part, e.entry_id
    FROM (SELECT * FROM grouped ORDER BY day, program, part) g, LATERAL ledger_post(
        'accrual:' || g.program || ':' || g.day || ':' || gen_random_uuid(), 'reward.accrue', g.currency, g.day, g.day,
        g.program, g.accounts, g.amounts) e
)
UPDATE accrual a SET entry_id = p.entry_id FROM posted p
WHERE p.program = a.program AND p.day = a.day AND p.part = a.part
