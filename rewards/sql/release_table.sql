-- The rewards about to be released and the part of the release they fall into.
CREATE TEMP TABLE IF NOT EXISTS releasing (
    reward_id bigint, creator text COLLATE "C", currency text, amount bigint, part bigint, entry_id bigint
) ON COMMIT DELETE ROWS
