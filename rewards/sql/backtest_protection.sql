-- In: program, policy, whether everyone is a member, the first day tried and the day on which its promise ends. Out: by day
-- what the program would add for who was there before the first day (where everyone is a member: had a share before) and
-- would earn less by sale and day rules; where sellers pay, each seller's part by itself. Reads only.
SELECT day, sum(lost) AS lost FROM (
    SELECT creator, day, seller, sum(CASE WHEN side = 0 THEN amount ELSE -amount END) AS lost
    FROM trial WHERE protected AND day < :until GROUP BY creator, day, seller
) each
WHERE lost > 0 AND CASE WHEN :everyone
    THEN EXISTS (SELECT FROM share s WHERE s.creator = each.creator AND s.policy = :policy AND s.day < :since)
    ELSE EXISTS (SELECT FROM membership m WHERE m.program = :program AND m.creator = each.creator
        AND m.since < CAST(:since AS date)::timestamptz) END
GROUP BY day
