-- The sellers who owe or are given back something, locked in order, after the lines. Whoever spends a seller's balance
-- locks its row before the ledger's balances.
SELECT s.id FROM seller s
WHERE EXISTS (SELECT FROM reward_target t WHERE t.seller = s.id AND t.due <> t.posted)
ORDER BY s.id FOR NO KEY UPDATE OF s
