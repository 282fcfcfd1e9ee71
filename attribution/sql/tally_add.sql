    -- In: claimed batches, the range of their touches. Out: what tally_write counts of them. A repeat would count twice: a
    -- batch is claimed once, in the same transaction.
    SELECT t.kind, t.content, t.product, t.occurred_at, CAST(t.occurred_at AS date) AS day, t.watch_ms, t.completed,
        CASE WHEN s.event_id IS NULL THEN 1 ELSE 0 END AS counts
    FROM touch t
    LEFT JOIN suspect s ON s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared'
    WHERE t.batch_id BETWEEN :first AND :last -- the index knows ranges, not lists
        AND t.batch_id + 0 = ANY (CAST(:batches AS bigint[])) AND t.occurred_at BETWEEN :first_at AND :last_at
