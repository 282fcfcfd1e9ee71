-- In: how many at most. Out: parked events whose references exist now, locked and staged as a batch in the order in
-- which they were parked (so a refund meets the parts that came before it). Rows that another unparker holds are left.
INSERT INTO staged (row_index, kind, event_id, occurred_at, viewer, content, product, order_ref, quantity, amount,
    currency, watch_ms, completed, parked_id)
SELECT row_number() OVER (ORDER BY id), kind, event_id, occurred_at, viewer, content, product, order_ref, quantity,
    amount, currency, watch_ms, completed, id
FROM (
    SELECT * FROM parked_event w
    WHERE w.state = 'parked' AND CASE w.kind
        WHEN 1 THEN EXISTS (SELECT FROM content c WHERE c.id = w.content)
        WHEN 2 THEN EXISTS (SELECT FROM content c WHERE c.id = w.content)
            AND EXISTS (SELECT FROM product p WHERE p.id = w.product)
        WHEN 3 THEN EXISTS (SELECT FROM product p WHERE p.id = w.product)
        ELSE EXISTS (SELECT FROM purchase p WHERE p.order_ref = w.order_ref AND p.product = w.product) END
    ORDER BY w.kind, w.id LIMIT :limit
    FOR UPDATE SKIP LOCKED
) waiting
