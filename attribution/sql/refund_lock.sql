-- In: staged refunds with fate `apply`. Out: how many purchases they name, locked in the order of their ids.
SELECT count(*) FROM (
    SELECT p.id FROM purchase p
    WHERE p.id IN (
        SELECT q.id FROM staged s JOIN purchase q ON q.order_ref = s.order_ref AND q.product = s.product
        WHERE s.kind = 4 AND s.fate = 'apply')
    ORDER BY p.id FOR UPDATE OF p
) locked
