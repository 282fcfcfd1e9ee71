-- In: as attribute_candidates, and the model. Out: for each purchase its contents with the exact part of each. Weights add
-- up per content; amount, units and orders are split by largest remainder, a tie going to the lower content id by bytes.
-- `touch_id`: the content's weightiest touch, the latest of several.
WITH weighed AS (
{weighed}
), summed AS (
    SELECT purchase_id, content, min(creator) AS creator, min(content_kind) AS content_kind, min(region) AS region,
        max(kind) AS kind, (array_agg(touch_id ORDER BY weight DESC, touched_at DESC, touch_id DESC))[1] AS touch_id,
        (array_agg(touched_at ORDER BY weight DESC, touched_at DESC, touch_id DESC))[1] AS touched_at,
        sum(weight) AS weight, min(amount) AS amount, CAST(min(quantity) AS bigint) * 1000000 AS units,
        CAST(1000000 AS bigint) AS orders
    FROM weighed GROUP BY purchase_id, content
), cut AS (
    SELECT *, div(amount * weight, total) AS amount_part, mod(amount * weight, total) AS amount_rest,
        div(units * weight, total) AS units_part, mod(units * weight, total) AS units_rest,
        div(orders * weight, total) AS orders_part, mod(orders * weight, total) AS orders_rest
    FROM (SELECT *, sum(weight) OVER (PARTITION BY purchase_id) AS total FROM summed) s
), ranked AS (
    SELECT *,
        sum(amount_part) OVER sale AS amount_parts, sum(units_part) OVER sale AS units_parts,
        sum(orders_part) OVER sale AS orders_parts,
        row_number() OVER (PARTITION BY purchase_id ORDER BY amount_rest DESC, content) AS amount_nth,
        row_number() OVER (PARTITION BY purchase_id ORDER BY units_rest DESC, content) AS units_nth,
        row_number() OVER (PARTITION BY purchase_id ORDER BY orders_rest DESC, content) AS orders_nth
    FROM cut WINDOW sale AS (PARTITION BY purchase_id)
)
SELECT purchase_id, content, creator, content_kind, region, kind, touch_id, touched_at, weight,
    CAST(amount_part + CASE WHEN amount_nth <= amount - amount_parts THEN 1 ELSE 0 END AS bigint) AS amount,
    CAST(units_part + CASE WHEN units_nth <= units - units_parts THEN 1 ELSE 0 END AS bigint) AS units,
    CAST(orders_part + CASE WHEN orders_nth <= orders - orders_parts THEN 1 ELSE 0 END AS bigint) AS orders
FROM ranked
