    -- In: `moved` touches, -1 (doubted) or 1 (cleared). Out: of those whose batch is tallied, what tally_write moves. The
    -- caller holds the turn on counts and moves each touch once, in the transaction in which its state changes. The
    -- others are left out, or counted, when their batch is tallied.
    SELECT t.kind, t.content, t.product, t.occurred_at, CAST(t.occurred_at AS date) AS day, t.watch_ms, t.completed,
        CAST(:sign AS integer) AS counts
    FROM moved m
    JOIN touch t ON t.event_id = m.event_id AND t.occurred_at = m.occurred_at
    JOIN event_batch b ON b.id = t.batch_id AND b.tallied_at IS NOT NULL
