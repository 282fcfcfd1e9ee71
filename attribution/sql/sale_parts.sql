-- In: as attribution's own statement, which it wraps, for one purchase. Out: the contents that earn, with their exact
-- parts; first the one whose touch names the outcome.
WITH claimed AS MATERIALIZED (
{claimed}
)
SELECT content, touch_id, weight, amount, units, orders FROM (
{chosen}
) chosen ORDER BY weight DESC, content
