-- In: the staged rows of an unparked batch with their fates. Out: their parked events gone, or kept as rejected with
-- the reason.
WITH refused AS (
    UPDATE parked_event w SET state = 'rejected', outcome = s.fate
    FROM staged s WHERE s.parked_id = w.id AND s.fate NOT IN ('duplicate', 'conflict')
)
DELETE FROM parked_event w USING staged s
WHERE s.parked_id = w.id AND (s.fate IS NULL OR s.fate IN ('duplicate', 'conflict'))
