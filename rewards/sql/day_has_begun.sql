-- In: program, day. Is anything of that day or a later one priced already? Sales are found by their purchases, all else by
-- its key, which begins with the day or month. Reads only.
SELECT EXISTS (
        SELECT FROM purchase b JOIN reward_target t ON t.purchase_id = b.id
        WHERE b.occurred_at >= CAST(:day AS date) AND t.program = :program)
    OR EXISTS (
        SELECT FROM program_version v JOIN rule r ON r.version_id = v.id JOIN reward_target t ON t.rule_id = r.id
        WHERE v.program = :program AND v.state = 'active' AND r.grain <> 'sale'
            AND t.key >= to_char(CAST(:day AS date), 'YYYY-MM-DD') AND t.day >= :day)
