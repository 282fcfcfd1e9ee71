-- In: a creator (and the key before which to start) or one reward's key. Rewards with their rule and entry, newest first.
SELECT w.*, t.key, t.content, t.purchase_id, t.rule_id, t.seller, t.original, t.uncapped, t.target, t.due, t.cut, t.posted, t.weight, t.clamped, r.name AS rule,
    r.grain, r.amount AS formula, r."where", v.number AS version, t.product, e.recorded_at AS entry_at
FROM reward w
JOIN reward_target t ON t.id = w.target_id
JOIN rule r ON r.id = t.rule_id
JOIN program_version v ON v.id = r.version_id
LEFT JOIN entry e ON e.id = w.entry_id
WHERE (CAST(:creator AS text) IS NULL OR w.creator = :creator)
    AND (CAST(:before AS bigint) IS NULL OR w.id < :before)
    AND (CAST(:id AS bigint) IS NULL OR w.id = :id)
ORDER BY w.id DESC LIMIT :limit
