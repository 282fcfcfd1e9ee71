-- The rewards about to be posted: which target, how much, in which entry (program, day, part), to which pot.
DROP TABLE IF EXISTS accrual;
CREATE TEMP TABLE accrual (
    target_id bigint, program text COLLATE "C", creator text COLLATE "C", day date, currency text, amount bigint,
    matures_at timestamptz, pot text, part bigint, entry_id bigint
) ON COMMIT DROP
