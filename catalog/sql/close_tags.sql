-- In: contents held locked, beside each the moment its publication was moved from (or null); all wanted pairs; now.
-- Ends standing tags that are unwanted, and those that began at a moment that was moved. A repeat finds none.
UPDATE product_tag t
SET tagged_until = greatest(t.tagged_from, :now)
FROM (
    SELECT s.content, s.product
    FROM unnest(CAST(:contents AS text[]), CAST(:moved_from AS timestamptz[])) AS c (content, moved_from)
    JOIN product_tag s ON s.content = c.content COLLATE "C" AND s.tagged_until IS NULL
    LEFT JOIN unnest(CAST(:wanted_contents AS text[]), CAST(:wanted_products AS text[])) AS w (content, product)
        ON w.content = s.content AND w.product = s.product
    WHERE w.content IS NULL OR s.tagged_from = c.moved_from
) gone
WHERE t.content = gone.content AND t.product = gone.product AND t.tagged_until IS NULL
