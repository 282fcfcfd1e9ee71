-- In: `chosen`. Out: the purchases and the days that changed, queued for whoever computes rewards.
WITH purchases AS (
    INSERT INTO changed_purchase (purchase_id) SELECT purchase_id FROM chosen ORDER BY 1
)
INSERT INTO changed_day (day, creator, content) SELECT DISTINCT day, creator, content FROM chosen ORDER BY day, content
