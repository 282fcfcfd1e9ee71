-- In: the range of ids of the next unchecked batches, and of the times of their touches. A batch in between that was
-- checked already, or just came, is looked at once more, which finds nothing else. Out: temp table `fresh`, who was
-- active in them on which day. A partition is a day: naming it is cheaper than finding each touch's day. Reads; nothing
-- to repeat.
CREATE TEMP TABLE fresh ON COMMIT DROP AS
SELECT viewer, CAST(min(occurred_at) AS date) AS day, tableoid AS partition
FROM touch
WHERE batch_id BETWEEN :first AND :last
    AND occurred_at BETWEEN :first_at AND :last_at
GROUP BY viewer, tableoid
