-- In: a suspect's id to go on after, how many. Out: views and clicks that are left out of what counts, oldest first.
SELECT s.id, s.event_id, 'suspect' AS state, (ARRAY['view', 'click'])[s.kind] AS type, s.occurred_at, t.batch_id,
    b.received_at, false AS tallied, s.rule || '\: ' || s.detail AS reason, CAST(NULL AS text) AS order_ref, s.product,
    s.content, CAST(NULL AS bigint) AS purchase_id
FROM suspect s
JOIN touch t ON t.event_id = s.event_id AND t.occurred_at = s.occurred_at
JOIN event_batch b ON b.id = t.batch_id
WHERE s.state <> 'cleared' AND s.id > :after
ORDER BY s.id LIMIT :limit
