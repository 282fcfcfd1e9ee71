    -- In: claimed batches, the range of their touches. Out: what tally_write counts of them. A repeat would count twice: a
    -- batch is claimed once, in the same transaction.
    SELECT kind, content, product, occurred_at, CAST(occurred_at AS date) AS day, watch_ms, completed,
        CASE WHEN EXISTS (
            SELECT FROM suspect s
            WHERE s.event_id = t.event_id AND s.occurred_at = t.occurred_at AND s.state <> 'cleared')
            THEN 0 ELSE 1 END AS counts
    FROM touch t
    WHERE batch_id BETWEEN :first AND :last -- the index knows ranges, not lists
        AND batch_id = ANY (CAST(:batches AS bigint[])) AND occurred_at BETWEEN :first_at AND :last_at
