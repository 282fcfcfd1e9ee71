-- In: a locked run, the moment. Does: gives each of its reserved payouts that has no live attempt the next one, ready now.
-- Out: how many. The key is made of the payout's own number and moment and the attempt's number, so the same attempt has
-- the same key in a database that was restored. A repeat finds none without an attempt.
WITH planned AS (
    INSERT INTO payout_attempt (payout_id, number, key, next_at, created_at)
        SELECT p.id, n.number,
            'payout-' || p.id || '-' || CAST(extract(epoch FROM p.created_at) * 1000000 AS bigint) || '-' || n.number,
            :now, :now
        FROM payout p
        CROSS JOIN LATERAL (SELECT 1 + coalesce(max(a.number), 0) AS number FROM payout_attempt a WHERE a.payout_id = p.id) n
        WHERE p.run_id = :run AND p.state = 'reserved'
            AND NOT EXISTS (SELECT FROM payout_attempt a
                WHERE a.payout_id = p.id AND a.state IN ('ready', 'claimed', 'unknown'))
        RETURNING id
)
SELECT count(*) FROM planned
