-- In: how many at most. Out: the oldest batches not yet tallied, marked as tallied, and the range of their touches.
-- A batch that another tallier holds is left to it; a rollback gives all back.
WITH claimed AS (
    SELECT id FROM event_batch WHERE tallied_at IS NULL ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE event_batch b SET tallied_at = now() FROM claimed c WHERE b.id = c.id
RETURNING b.id, b.first_at, b.last_at
