-- In: creator, first and last day, policy, a content or null. Out: the contents and days between them that have figures
-- or are days of a post, as `fill_due_days` finds them for all creators. It only reads.
SELECT t.day, k.creator, k.id AS content FROM content k JOIN tally_content_day t ON t.content = k.id
WHERE k.creator = :creator AND t.day BETWEEN :since AND :until AND (CAST(:content AS text) IS NULL OR k.id = :content)
UNION
SELECT t.day, k.creator, k.id FROM content k JOIN tally_product_day t ON t.content = k.id
WHERE k.creator = :creator AND t.day BETWEEN :since AND :until AND (CAST(:content AS text) IS NULL OR k.id = :content)
UNION
SELECT s.day, s.creator, s.content FROM share s
WHERE s.creator = :creator AND s.day BETWEEN :since AND :until AND s.policy = :policy
    AND (CAST(:content AS text) IS NULL OR s.content = :content)
UNION
SELECT k.published_at::date, k.creator, k.id FROM content k
WHERE k.creator = :creator AND k.published_at >= CAST(:since AS date) AND k.published_at < CAST(:until AS date) + 1
    AND (CAST(:content AS text) IS NULL OR k.id = :content)
