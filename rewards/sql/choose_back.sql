-- In: now, how many. Chooses what was posted beyond what is due; it goes back whole to the line or seller that paid it.
INSERT INTO accrual (target_id, program, creator, day, currency, source, amount, cut, matures_at, pot, part)
SELECT id, program, creator, day, currency, source, amount, 0, matures_at,
    CASE WHEN matures_at <= :now THEN 'available' ELSE 'pending' END,
    dense_rank() OVER (PARTITION BY program, day ORDER BY creator) / 5000
FROM (
    SELECT t.id, t.program, t.creator, t.day, p.currency, t.due - t.posted AS amount, t.matures_at,
        CASE WHEN p.fund IS NULL THEN 'liabilities:seller:' || t.seller || '\:balance'
            ELSE 'liabilities:fund:' || p.fund || '\:line\:' || p.line END AS source
    FROM reward_target t JOIN program p ON p.id = t.program
    WHERE t.due < t.posted
    ORDER BY t.day, t.key, t.rule_id LIMIT :limit
) back
