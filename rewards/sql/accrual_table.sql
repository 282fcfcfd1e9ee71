-- The rewards about to be posted: which target, how much, in which entry (program, day, part), to which pot.
CREATE TEMP TABLE IF NOT EXISTS accrual (
    target_id bigint, program text COLLATE "C", creator text COLLATE "C", day date, currency text, amount bigint,
    matures_at timestamptz, pot text, part bigint, entry_id bigint
) ON COMMIT DELETE ROWS
