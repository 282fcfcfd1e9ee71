-- In: the pool in micros, pool_key (the keys of whole periods, each with a weight above zero). Out: the same rows with their
-- shares, whole micros that sum to the pool in each period: by largest remainder, ties to the earlier key. Exact: weights
-- are whole numbers times 10^-n, and div and mod of such round nothing. It only reads.
SELECT period, key, creator, content, product, purchase_id, occurred_at, weight,
    (part + CASE WHEN nth <= CAST(:pool AS numeric) - parts THEN 1 ELSE 0 END)::bigint AS share
FROM (
    SELECT *, sum(part) OVER (PARTITION BY period) AS parts,
        row_number() OVER (PARTITION BY period ORDER BY remainder DESC, key COLLATE "C") AS nth
    FROM (
        SELECT k.*, div(CAST(:pool AS numeric) * k.weight, w.whole) AS part, mod(CAST(:pool AS numeric) * k.weight, w.whole) AS remainder
        FROM pool_key k JOIN (SELECT period, sum(weight) AS whole FROM pool_key GROUP BY period) w ON w.period = k.period
    ) parted
) placed
