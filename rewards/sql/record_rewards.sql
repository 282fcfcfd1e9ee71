-- Writes one reward row a chosen target and moves its `posted`. What had matured is released at once.
WITH moved AS (
    UPDATE reward_target t SET posted = t.posted + a.amount, matures_at = a.matures_at, updated_at = now()
    FROM accrual a WHERE a.target_id = t.id
)
INSERT INTO reward (target_id, creator, program, day, amount, currency, entry_id, matures_at, released_at, release_entry_id)
SELECT target_id, creator, program, day, amount, currency, entry_id, matures_at,
    CASE WHEN pot = 'available' THEN now() END, CASE WHEN pot = 'available' THEN entry_id END
FROM accrual ORDER BY target_id
