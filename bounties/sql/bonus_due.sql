-- In: today, late_days, limit. Out: claims whose bonus days are final, with their content's figures over those days, as the
-- formula language names them; their bounties locked, and one that somebody holds left for the next look. A day is final when
-- no event of it can come any more and every batch that came until then is tallied. While an event of the content is doubted and
-- undecided, the bonus waits for up to 14 days more; then it is settled without that event. Reads only.
WITH due AS (
    SELECT c.id, c.bounty_id, c.creator, c.content, c.bonus_from, c.bonus_until FROM claim c
    WHERE c.bonus_state = 'waiting' AND c.bonus_until + 1 + CAST(:late_days AS integer) <= CAST(:today AS date)
        AND NOT EXISTS (SELECT FROM event_batch e
            WHERE e.tallied_at IS NULL AND e.received_at < c.bonus_until + 1 + CAST(:late_days AS integer))
        AND (c.bonus_until + 15 + CAST(:late_days AS integer) <= CAST(:today AS date) OR NOT EXISTS (
            SELECT FROM suspect s WHERE s.content = c.content AND s.state = 'open'
                AND s.occurred_at >= c.bonus_from AND s.occurred_at < c.bonus_until + 1))
    ORDER BY c.bonus_until, c.id LIMIT :limit
), held AS (
    SELECT b.* FROM bounty b WHERE b.id IN (SELECT bounty_id FROM due) ORDER BY b.id FOR NO KEY UPDATE SKIP LOCKED
)
SELECT d.id, d.bounty_id, d.creator, h.seller, h.currency, h.created_at, h.bonus_formula, h.bonus_max,
    coalesce(t.views, 0) AS views, coalesce(t.qualified_views, 0) AS qualified_views,
    coalesce(t.completes, 0) AS completes,
    div(coalesce(t.watch_ms, 0) * 1000000000000, 3600000) * 0.000000000001 AS watch_hours,
    coalesce(k.clicks, 0) AS clicks, l.likes, f.followers
FROM due d JOIN held h ON h.id = d.bounty_id
LEFT JOIN LATERAL (
    SELECT sum(views) AS views, sum(qualified_views) AS qualified_views, sum(completes) AS completes,
        sum(watch_ms)::numeric AS watch_ms
    FROM tally_content_day WHERE content = d.content AND day BETWEEN d.bonus_from AND d.bonus_until
) t ON true
LEFT JOIN LATERAL (
    SELECT sum(clicks) AS clicks FROM tally_product_day
    WHERE content = d.content AND day BETWEEN d.bonus_from AND d.bonus_until
) k ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS likes FROM content_like w
    WHERE w.content = d.content AND w.since < d.bonus_until + 1 AND (w.until IS NULL OR w.until >= d.bonus_until + 1)
) l ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS followers FROM follow w
    WHERE w.creator = d.creator AND w.since < d.bonus_until + 1 AND (w.until IS NULL OR w.until >= d.bonus_until + 1)
) f ON true
ORDER BY d.id
