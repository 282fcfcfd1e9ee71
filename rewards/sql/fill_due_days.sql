-- In: first and last day, policy. Puts every content and day between them that has figures into due_day, and every day
-- of a post: the same keys that a program's start queues.
INSERT INTO due_day (day, creator, content)
SELECT t.day, c.creator, t.content FROM tally_content_day t JOIN content c ON c.id = t.content
WHERE t.day BETWEEN :since AND :until
UNION
SELECT t.day, c.creator, t.content FROM tally_product_day t JOIN content c ON c.id = t.content
WHERE t.day BETWEEN :since AND :until
UNION
SELECT s.day, s.creator, s.content FROM share s WHERE s.policy = :policy AND s.day BETWEEN :since AND :until
UNION
SELECT published_at::date, creator, id FROM content
WHERE published_at >= CAST(:since AS date) AND published_at < CAST(:until AS date) + 1
