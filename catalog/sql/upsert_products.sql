-- In: products of known sellers as JSON (price in micros), now. Out: nothing. A repeat changes nothing.
INSERT INTO product AS p (id, seller, title, category, price, currency, created_at, updated_at)
SELECT r.id, r.seller, r.title, r.category, r.price, r.currency, :now, :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r (id text, seller text, title text, category text, price bigint, currency text)
ORDER BY r.id COLLATE "C"
ON CONFLICT (id) DO UPDATE
SET seller = excluded.seller, title = excluded.title, category = excluded.category, price = excluded.price,
    currency = excluded.currency, updated_at = excluded.updated_at
WHERE (p.seller, p.title, p.category, p.price, p.currency)
    IS DISTINCT FROM (excluded.seller, excluded.title, excluded.category, excluded.price, excluded.currency)
