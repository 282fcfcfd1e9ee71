-- In: creator, categories or null, product, seller. Out: what a bounty's eligibility asks about a creator, and whether the
-- product is the seller's still. Reads only.
SELECT c.status, c.region,
    (SELECT count(*) FROM follow f WHERE f.creator = c.id AND f.until IS NULL) AS followers,
    CAST(:categories AS text[]) IS NULL OR EXISTS (
        SELECT FROM content k JOIN product_tag t ON t.content = k.id JOIN product p ON p.id = t.product
        WHERE k.creator = c.id AND k.deleted_at IS NULL AND t.tagged_until IS NULL AND p.category = ANY (:categories)
    ) AS category,
    EXISTS (SELECT FROM product p WHERE p.id = :product AND p.seller = :seller) AS product
FROM creator c WHERE c.id = :creator
