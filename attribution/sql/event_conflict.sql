-- In: a conflict's id to go on after, how many. Out: events that came second with other content, oldest first.
SELECT c.id, c.event_id, 'conflict' AS state,
    (ARRAY['view', 'click', 'purchase', 'refund'])[CAST(c.body ->> 'kind' AS integer)] AS type,
    CAST(c.body ->> 'occurred_at' AS timestamptz) AS occurred_at, c.batch_id, b.received_at, false AS tallied,
    'other_content' AS reason, c.body ->> 'order_ref' AS order_ref, c.body ->> 'product' AS product,
    c.body ->> 'content' AS content, CAST(NULL AS bigint) AS purchase_id
FROM event_conflict c JOIN event_batch b ON b.id = c.batch_id
WHERE c.id > :after
ORDER BY c.id LIMIT :limit
