-- Out: rewards whose target is missing or belongs to another creator, program or day. Reads only.
SELECT 'reward ' || w.id AS subject,
    CASE WHEN t.id IS NULL THEN 'target ' || w.target_id || ' is missing'
        ELSE 'creator, program or day is not that of target ' || t.id END AS detail
FROM reward w LEFT JOIN reward_target t ON t.id = w.target_id
WHERE t.id IS NULL OR w.creator <> t.creator OR w.program <> t.program OR w.day <> t.day
