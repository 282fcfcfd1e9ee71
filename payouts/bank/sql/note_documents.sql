-- In: lines and the one payout that each was found to be of. Does: notes them in `statement_line`. A repeat notes the same.
UPDATE statement_line s SET payout_id = m.payout
FROM unnest(CAST(:lines AS bigint[]), CAST(:payouts AS bigint[])) AS m (line, payout)
WHERE s.id = m.line
