-- In: the first day that has not ended. Out: temp table `due`, the contents of the oldest ended day whose views are to be
-- judged, and the version of each tally's row: what comes meanwhile makes another one, and is judged the next time.
CREATE TEMP TABLE due ON COMMIT DROP AS
SELECT content, day, CAST(xmin AS text) AS version FROM tally_content_day
WHERE unjudged AND day = (SELECT min(day) FROM tally_content_day WHERE unjudged AND day < :today)
