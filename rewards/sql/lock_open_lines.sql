-- The fund lines whose programs owe or take back something, locked in order. Whoever spends from a line locks its row
-- before the ledger's balances: one order for all, no ring of waits. Rows
-- that only refer to a line (a proposed transfer names two, in its own order) neither wait for the lock nor hold it up.
-- One target that is open is enough: a program's first by the index, not all of them.
SELECT l.fund, l.id FROM fund_line l
WHERE EXISTS (
    SELECT FROM program p CROSS JOIN LATERAL (
        SELECT FROM reward_target t WHERE t.program = p.id AND t.due <> t.posted ORDER BY t.day, t.key LIMIT 1
    ) open
    WHERE p.fund = l.fund AND p.line = l.id)
ORDER BY l.fund, l.id FOR NO KEY UPDATE OF l
