-- In: policy, first day, first day after, the moment from which the period is final, whether it is a month. Out: whether
-- facts of the period that had come by then are still on their way to the figures. Months queue for pricing until they
-- are over, so they hold up no day. It only reads.
SELECT EXISTS (SELECT FROM event_batch WHERE tallied_at IS NULL AND received_at < :final_at)
    OR EXISTS (SELECT FROM changed_day WHERE day >= :first AND day < :next)
    OR :month AND EXISTS (SELECT FROM changed_month WHERE month = :first)
    OR EXISTS (
        SELECT FROM changed_purchase c JOIN purchase p ON p.id = c.purchase_id WHERE p.day >= :first AND p.day < :next)
    OR EXISTS (
        SELECT FROM reattribution c JOIN purchase p ON p.id = c.purchase_id WHERE p.day >= :first AND p.day < :next)
    OR EXISTS (SELECT FROM tally_content_day WHERE stale AND day >= :first AND day < :next)
    OR EXISTS (
        SELECT FROM purchase p
        WHERE p.occurred_at >= CAST(:first AS date)::timestamptz AND p.occurred_at < CAST(:next AS date)::timestamptz
            AND p.occurred_at >= (SELECT min(effective_from) FROM policy_version WHERE policy = :policy)
            AND NOT EXISTS (SELECT FROM attribution a WHERE a.purchase_id = p.id AND a.policy = :policy))
    OR EXISTS (
        SELECT FROM purchase p
        JOIN refund r ON r.purchase_id = p.id
        JOIN attribution a ON a.purchase_id = p.id AND a.policy = :policy AND a.outcome <> 'none'
        WHERE p.occurred_at >= CAST(:first AS date)::timestamptz AND p.occurred_at < CAST(:next AS date)::timestamptz
            AND (p.refunded > 0 OR p.returned > 0) AND NOT EXISTS (
                SELECT FROM share s WHERE s.purchase_id = p.id AND s.policy = :policy AND s.refund_id = r.id
                    AND s.generation = a.generation))
