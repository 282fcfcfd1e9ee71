-- In: account codes and their currency. Out: the first code that has no account and may not be opened by hand: outside
-- the chart, or a creator's, seller's, fund's or bounty's, which only its own domain opens. Reads only.
SELECT m.code FROM unnest(CAST(:codes AS text[])) AS m (code)
WHERE NOT EXISTS (SELECT FROM account a WHERE a.code = m.code COLLATE "C" AND a.currency = :currency)
    AND NOT EXISTS (SELECT FROM account_kind k
        WHERE starts_with(m.code, k.prefix) AND m.code ~ k.pattern AND length(split_part(m.code, '\:', 3)) <= 64
            AND (m.code !~ '^liabilities\:' OR starts_with(m.code, 'liabilities\:tax\:'))
            AND (m.code !~ '^assets\:' OR right(m.code, 3) = :currency))
ORDER BY 1 LIMIT 1
