-- In: locked attempts, the worker, the moment and the end of the lease. Does: the attempts are the worker's under a new
-- fence; payouts that were reserved are now being sent, and of a worker whose lease ended nobody knows: unknown.
-- Out: the attempts' fences and counts of calls. A repeat cannot happen: the rows are locked, and no longer due.
WITH claimed AS (
    UPDATE payout_attempt SET
        state = 'claimed', fence = fence + 1, worker = :worker, calls = calls + 1, leased_until = :until, next_at = :until,
        first_sent_at = coalesce(first_sent_at, :now)
        WHERE id = ANY (:attempts)
        RETURNING id, payout_id, fence, calls
), moved AS (
    UPDATE payout p SET
        state = CASE p.state WHEN 'reserved' THEN 'sending' ELSE 'unknown' END,
        sent_at = coalesce(p.sent_at, :now)
        FROM claimed k WHERE p.id = k.payout_id AND (p.state = 'reserved' OR p.id = ANY (:lost))
)
SELECT id, fence, calls FROM claimed
