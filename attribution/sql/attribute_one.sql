-- In: as attribute_candidates. Out: for each purchase that somebody earns the one touch that takes it whole, by the order
-- of attribution/scopes.py.
SELECT DISTINCT ON (purchase_id) purchase_id, content, creator, content_kind, region, kind, touch_id, touched_at,
    CAST(1 AS numeric) AS weight, amount, CAST(quantity AS bigint) * 1000000 AS units, CAST(1000000 AS bigint) AS orders
FROM ({candidates}) candidate
ORDER BY purchase_id, {order}
