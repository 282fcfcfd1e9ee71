-- Part of attribute_several. In: as attribute_candidates, and the model. Out: for each purchase the touches that are
-- taken, with integer weights. Of one content at most one counts in a fixed 30 minutes: a click before a view, then the
-- latest, so a looped clip gains nothing. Their order: time, view before click, event id by bytes.
WITH taken AS (
    SELECT DISTINCT ON (purchase_id, content, bucket) *
    FROM (
        SELECT *, date_bin('30 minutes', touched_at, TIMESTAMPTZ '1970-01-01 00:00:00+00') AS bucket
        FROM ({candidates}) candidate
    ) binned
    ORDER BY purchase_id, content, bucket, kind DESC, touched_at DESC, touch_id DESC
), placed AS (
    SELECT *, count(*) OVER (PARTITION BY purchase_id) AS touches,
        row_number() OVER (PARTITION BY purchase_id ORDER BY touched_at, kind, touch_id) AS place
    FROM taken
)
SELECT p.*, CASE
    WHEN :model = 'time_decay' THEN d.weight
    WHEN :model = 'linear' OR p.touches <= 2 THEN 1
    WHEN p.place IN (1, p.touches) THEN 2 * (p.touches - 2)
    ELSE 1 END AS weight
FROM placed p
LEFT JOIN decay_weight d ON :model = 'time_decay'
    AND d.hours = CAST(floor(extract(epoch FROM p.bought_at - p.touched_at) / 3600) AS integer)
