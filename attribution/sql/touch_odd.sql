-- In: the contents and products that a body's touches name, the touches' ids (each a list with commas), their range.
-- Out: contents and products that the catalog does not know, and ids that stand already or are parked; the others can
-- be written unseen. An id that stands at another time is named too: whoever is named is only looked at more closely.
-- `ids` is a constant to the planner, so that a small partition is read by a hash of it and a large one by its index.
SELECT 'content' AS what, name FROM unnest(string_to_array(:contents, ',')) AS name
WHERE NOT EXISTS (SELECT FROM content c WHERE c.id = name)
UNION ALL
SELECT 'product', name FROM unnest(string_to_array(:products, ',')) AS name
WHERE NOT EXISTS (SELECT FROM product p WHERE p.id = name)
UNION ALL
SELECT 'id', event_id FROM touch
WHERE event_id = ANY (string_to_array(:ids, ',')) AND occurred_at >= :first_at AND occurred_at < :last_at
UNION ALL
SELECT 'id', w.event_id FROM unnest(string_to_array(:ids, ',')) AS name
JOIN parked_event w ON w.event_id = name
WHERE w.kind IN (1, 2) AND w.state = 'parked'
