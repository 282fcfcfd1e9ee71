-- The fund lines whose programs owe or take back something, locked in order. Whoever spends from a line locks its row
-- before the ledger's balances: one order for all, no ring of waits. Rows
-- that only refer to a line (a proposed transfer names two, in its own order) neither wait for the lock nor hold it up.
SELECT l.fund, l.id FROM fund_line l
WHERE EXISTS (
    SELECT FROM program p JOIN reward_target t ON t.program = p.id
    WHERE p.fund = l.fund AND p.line = l.id AND t.due <> t.posted)
ORDER BY l.fund, l.id FOR NO KEY UPDATE OF l
