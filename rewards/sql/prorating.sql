-- In: the first day that is not over yet. Rules that prorate and owe something, whose lines hold something and where
-- nothing waits any more; none while days or months that are over, or sales of them, are still to be priced, so that
-- all a rule owes for them is shared at once. Reads only.
SELECT r.id FROM rule r
JOIN program_version v ON v.id = r.version_id JOIN program p ON p.id = v.program
JOIN fund f ON f.id = p.fund
JOIN account a ON a.code = 'liabilities:fund:' || p.fund || '\:line\:' || p.line AND a.currency = f.currency
JOIN balance b ON b.account_id = a.id AND b.balance < 0
WHERE r.on_shortfall = 'prorate' AND v.state = 'active'
    AND EXISTS (SELECT FROM reward_target t WHERE t.program = p.id AND t.rule_id = r.id AND t.due <> t.posted AND t.due > t.posted)
    AND NOT EXISTS (
        SELECT FROM program q JOIN reward_target t ON t.program = q.id JOIN rule w ON w.id = t.rule_id
        WHERE q.fund = p.fund AND q.line = p.line AND w.on_shortfall = 'wait' AND t.due <> t.posted AND t.due > t.posted)
    AND NOT EXISTS (SELECT FROM changed_day WHERE day < :today)
    AND NOT EXISTS (SELECT FROM changed_purchase c JOIN purchase s ON s.id = c.purchase_id WHERE s.day < :today)
    AND NOT EXISTS (SELECT FROM changed_month WHERE month < date_trunc('month', CAST(:today AS date))::date)
ORDER BY p.id, r.id
