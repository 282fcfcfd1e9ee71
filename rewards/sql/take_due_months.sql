-- In: the first day that is not over yet, how many. Takes changed months that are over off the queue into due_month.
-- A repeat takes what is left.
WITH taken AS (
    DELETE FROM changed_month WHERE (month, creator) IN (
        SELECT month, creator FROM changed_month WHERE month < date_trunc('month', CAST(:today AS date))::date
        ORDER BY month, creator LIMIT :limit)
    RETURNING month, creator
)
INSERT INTO due_month (month, creator) SELECT month, creator FROM taken
