-- In: a locked run. Does: locks the payees of its reserved payouts against holds and changes, in creator order; whoever
-- wanted either has committed before, or waits until these are sent. Out: how many. Reads only.
SELECT count(*) FROM (
    SELECT FROM payee y JOIN payout p ON p.creator = y.creator AND p.run_id = :run AND p.state = 'reserved'
    ORDER BY y.creator FOR SHARE OF y
) locked
