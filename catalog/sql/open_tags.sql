-- In: wanted pairs of contents held locked, and the moment each would count from. Begins those that do not stand: never
-- inside an interval that a clock ahead of ours ended later; an empty one at the same moment is opened again.
INSERT INTO product_tag AS t (content, product, tagged_from)
SELECT w.content, w.product, greatest(w.since, before.until)
FROM unnest(CAST(:contents AS text[]), CAST(:products AS text[]), CAST(:since AS timestamptz[]))
    AS w (content, product, since)
LEFT JOIN LATERAL (
    SELECT max(b.tagged_until) AS until FROM product_tag b
    WHERE b.content = w.content COLLATE "C" AND b.product = w.product COLLATE "C" AND b.tagged_until > b.tagged_from
) before ON true
WHERE NOT EXISTS (
    SELECT FROM product_tag s
    WHERE s.content = w.content COLLATE "C" AND s.product = w.product COLLATE "C" AND s.tagged_until IS NULL
)
ORDER BY w.content COLLATE "C", w.product COLLATE "C"
ON CONFLICT (content, product, tagged_from) DO UPDATE SET tagged_until = NULL
