-- In: the first day that is not over yet, how many. Takes changed days off the queue into due_day, and queues their
-- months; rows of days that are not over wait. Each key stands there once. A repeat takes what is left.
WITH taken AS (
    DELETE FROM changed_day WHERE id IN (
        SELECT id FROM changed_day WHERE day < :today ORDER BY id LIMIT :limit)
    RETURNING day, creator, content
), months AS (
    INSERT INTO changed_month (month, creator)
    SELECT DISTINCT date_trunc('month', day)::date, creator FROM taken ON CONFLICT DO NOTHING
)
INSERT INTO due_day (day, creator, content) SELECT DISTINCT day, creator, content FROM taken
