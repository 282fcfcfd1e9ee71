-- In: program, first day. Queues every content and day since then that has figures, and every day of a post.
INSERT INTO changed_day (day, creator, content)
SELECT t.day, c.creator, t.content FROM tally_content_day t JOIN content c ON c.id = t.content WHERE t.day >= :since
UNION
SELECT t.day, c.creator, t.content FROM tally_product_day t JOIN content c ON c.id = t.content WHERE t.day >= :since
UNION
SELECT s.day, s.creator, s.content FROM share s
JOIN program p ON p.id = :program AND p.policy = s.policy WHERE s.day >= :since
UNION
SELECT published_at::date, creator, id FROM content WHERE published_at::date >= :since
