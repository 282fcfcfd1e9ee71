-- Out: targets whose formula gave less than nothing or more than the most, so that it was clamped. Reads only.
SELECT 'target ' || t.id AS subject, 'rule ' || t.program || '/' || r.name || ', ' || t.key AS detail
FROM reward_target t JOIN rule r ON r.id = t.rule_id WHERE t.clamped
