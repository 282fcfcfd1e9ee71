-- Moves each chosen target's `posted`, and fixes what was cut off it; in the order in which they are stored.
UPDATE reward_target t SET posted = t.posted + a.amount, matures_at = a.matures_at, updated_at = now(),
    cut = CASE WHEN a.cut > 0 THEN t.target - t.posted - a.amount ELSE t.cut END,
    cut_at = CASE WHEN a.cut > 0 THEN t.target ELSE t.cut_at END
FROM (SELECT * FROM accrual ORDER BY target_id) a WHERE a.target_id = t.id
