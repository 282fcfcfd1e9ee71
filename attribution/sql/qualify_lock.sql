-- In: the first day that has not ended. Out: the stale tallies of the oldest ended day, locked in key order; those
-- that a tallier holds are left for the next time.
SELECT content, day FROM tally_content_day
WHERE stale AND day = (SELECT min(day) FROM tally_content_day WHERE stale AND day < :today)
ORDER BY content
FOR UPDATE SKIP LOCKED
