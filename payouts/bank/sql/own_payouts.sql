-- In: a file, payouts and how each is known in statements. Does: the file owns them. Out: nothing. A repeat cannot
-- happen: a run has one file, and a payout one run.
INSERT INTO file_payment (payout_id, file_id, end_to_end)
    SELECT p.id, :file, p.reference
    FROM unnest(CAST(:payouts AS bigint[]), CAST(:references AS text[])) AS p (id, reference)
