-- In: the staged rows with their fates, how many plain touches were written beside them, the batch, the errors to
-- keep, how many rows decoding refused, the touches' range. Out: the conflicts listed, the batch's counts. A batch that
-- brought no touch needs no tally.
WITH fates AS (
    SELECT coalesce(fate, 'accepted') AS fate, kind, count(*) AS rows FROM staged GROUP BY 1, 2
), counts AS (
    SELECT :plain + coalesce(sum(rows) FILTER (WHERE fate = 'accepted'), 0) AS accepted,
        coalesce(sum(rows) FILTER (WHERE fate = 'duplicate'), 0) AS duplicates,
        coalesce(sum(rows) FILTER (WHERE fate = 'conflict'), 0) AS conflicts,
        coalesce(sum(rows) FILTER (WHERE fate = 'parked'), 0) AS parked,
        coalesce(sum(rows) FILTER (WHERE fate NOT IN ('accepted', 'duplicate', 'conflict', 'parked')), 0) AS refused,
        :plain + coalesce(sum(rows) FILTER (WHERE fate = 'accepted' AND kind IN (1, 2)), 0) AS touches
    FROM fates
), conflicts AS (
    INSERT INTO event_conflict (batch_id, row_index, event_id, body, recorded_at)
    SELECT :batch, row_index, event_id,
        jsonb_strip_nulls(to_jsonb(staged) - CAST('{row_index,fate,parked_id}' AS text[])), :now
    FROM staged WHERE fate = 'conflict' ORDER BY row_index
)
UPDATE event_batch b
SET accepted = c.accepted, duplicates = c.duplicates, conflicts = c.conflicts, parked = c.parked,
    rejected = :rejected + c.refused, errors = CAST(:errors AS jsonb),
    first_at = CASE WHEN c.touches > 0 THEN CAST(:first_at AS timestamptz) END,
    last_at = CASE WHEN c.touches > 0 THEN CAST(:last_at AS timestamptz) END,
    tallied_at = CASE WHEN c.touches = 0 THEN CAST(:now AS timestamptz) END
FROM counts c WHERE b.id = :batch
RETURNING b.accepted, b.duplicates, b.conflicts, b.parked, b.rejected
