-- In: the policies, the floor known so far. Out: the least id of a refund that some policy has yet to handle, going by
-- what transactions before this one wrote, or the id after the last one. Handled: nobody earned the purchase, or the
-- refund has shares.
SELECT coalesce(
    (SELECT r.id FROM refund r CROSS JOIN unnest(CAST(:policies AS text[])) AS p (id)
    WHERE r.id > :floor AND NOT EXISTS (
        SELECT FROM attribution a
        WHERE a.purchase_id = r.purchase_id AND a.policy = p.id AND a.attributed_at < now()
            AND (a.outcome = 'none' OR EXISTS (
                SELECT FROM share s WHERE s.purchase_id = r.purchase_id AND s.policy = p.id AND s.refund_id = r.id
                    AND s.recorded_at < now())))
    ORDER BY r.id LIMIT 1),
    (SELECT max(id) + 1 FROM refund))
