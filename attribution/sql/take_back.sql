-- In: the floor below which all refunds are handled, purchases that are attributed anew (theirs are not), how many at
-- most. Out: for the first refund of each attributed purchase and policy that has no shares yet in its generation,
-- negative shares: its amount and its units split over what is left of the
-- purchase's shares, in proportion to it, by largest remainder, ties to the lower content id by bytes. They carry the
-- purchase's day; changed purchases and days are queued. Repeat until it takes none: the next refund sees what is left
-- then. What nobody earned needs no rows. The unique key is the last guard.
WITH next AS (
    SELECT DISTINCT ON (r.purchase_id, a.policy) r.id, r.purchase_id, a.policy, a.generation, r.amount,
        coalesce(r.quantity, 0) * CAST(1000000 AS bigint) AS units
    FROM refund r JOIN attribution a ON a.purchase_id = r.purchase_id AND a.outcome <> 'none'
    WHERE (r.id > :floor OR r.purchase_id = ANY (CAST(:purchases AS bigint[]))) AND NOT EXISTS (
        SELECT FROM share s WHERE s.purchase_id = r.purchase_id AND s.policy = a.policy AND s.refund_id = r.id
            AND s.generation = a.generation)
    ORDER BY r.purchase_id, a.policy, r.id LIMIT :limit
), rest AS (
    SELECT n.id AS refund_id, n.amount AS back, n.units AS back_units, s.purchase_id, s.policy, s.generation, s.content, s.creator,
        s.product, s.seller, s.category, s.kind, s.region, s.price, s.currency, s.occurred_at, s.day,
        sum(s.amount) AS amount, sum(s.units) AS units
    FROM next n JOIN share s ON s.purchase_id = n.purchase_id AND s.policy = n.policy
        AND s.generation = n.generation
    GROUP BY n.id, n.amount, n.units, s.purchase_id, s.policy, s.generation, s.content, s.creator, s.product, s.seller, s.category,
        s.kind, s.region, s.price, s.currency, s.occurred_at, s.day
), part AS (
    SELECT *,
        coalesce(div(back * amount, nullif(sum(amount) OVER sale, 0)), 0) AS part,
        coalesce(mod(back * amount, nullif(sum(amount) OVER sale, 0)), 0) AS remainder,
        coalesce(div(back_units * units, nullif(sum(units) OVER sale, 0)), 0) AS part_units,
        coalesce(mod(back_units * units, nullif(sum(units) OVER sale, 0)), 0) AS remainder_units
    FROM rest WINDOW sale AS (PARTITION BY refund_id, policy)
), ranked AS (
    SELECT *,
        sum(part) OVER sale AS parts,
        sum(part_units) OVER sale AS parts_units,
        row_number() OVER (PARTITION BY refund_id, policy ORDER BY remainder DESC, content) AS nth,
        row_number() OVER (PARTITION BY refund_id, policy ORDER BY remainder_units DESC, content) AS nth_units
    FROM part WINDOW sale AS (PARTITION BY refund_id, policy)
), put AS (
    INSERT INTO share (purchase_id, policy, generation, refund_id, content, creator, product, seller, category, kind, region, price,
        amount, units, orders, currency, occurred_at, day)
    SELECT purchase_id, policy, generation, refund_id, content, creator, product, seller, category, kind, region, price,
        -(part + CASE WHEN nth <= back - parts THEN 1 ELSE 0 END),
        -(part_units + CASE WHEN nth_units <= back_units - parts_units THEN 1 ELSE 0 END),
        0, currency, occurred_at, day
    FROM ranked ORDER BY purchase_id, policy, content
    RETURNING purchase_id, creator, content, day, refund_id, policy
), purchases AS (
    INSERT INTO changed_purchase (purchase_id) SELECT DISTINCT purchase_id FROM put ORDER BY 1
), days AS (
    INSERT INTO changed_day (day, creator, content) SELECT DISTINCT day, creator, content FROM put ORDER BY 1, 3
)
SELECT count(DISTINCT (refund_id, policy)) FROM put
