-- The targets about to be posted: how much (and what was cut off it), from which source (an account's code) to which pot,
-- in which entry (program, day, part).
CREATE TEMP TABLE IF NOT EXISTS accrual (
    target_id bigint, program text COLLATE "C", creator text COLLATE "C", day date, currency text, source text,
    amount bigint, cut bigint, matures_at timestamptz, pot text, part bigint, entry_id bigint
) ON COMMIT DELETE ROWS
