-- Writes a reward row a chosen target, and one more for what was cut off it. What had matured is released at once.
INSERT INTO reward (
    target_id, creator, program, day, amount, currency, entry_id, kind, matures_at, released_at, release_entry_id)
SELECT a.target_id, a.creator, a.program, a.day, r.amount, a.currency, a.entry_id, r.kind, a.matures_at,
    CASE WHEN a.pot = 'available' OR a.entry_id IS NULL THEN now() END, CASE WHEN a.pot = 'available' THEN a.entry_id END
FROM accrual a CROSS JOIN LATERAL (VALUES ('reward', a.amount + a.cut), ('cut', -a.cut)) r (kind, amount)
WHERE r.amount <> 0
ORDER BY a.target_id, r.kind DESC
