-- In: first and last day of a month, policy. Puts the creators who have figures or a post in it into due_month: those of
-- fill_due_days and fill_due_months, without a row for each of their days.
INSERT INTO due_month (month, creator)
SELECT DISTINCT CAST(:since AS date), creator FROM (
    SELECT c.creator FROM content c
    WHERE c.id IN (SELECT content FROM tally_content_day WHERE day BETWEEN :since AND :until)
    UNION ALL
    SELECT c.creator FROM content c
    WHERE c.id IN (SELECT content FROM tally_product_day WHERE day BETWEEN :since AND :until)
    UNION ALL
    SELECT s.creator FROM share s WHERE s.policy = :policy AND s.day BETWEEN :since AND :until
    UNION ALL
    SELECT creator FROM content
    WHERE published_at >= CAST(:since AS date) AND published_at < CAST(:until AS date) + 1
) active
