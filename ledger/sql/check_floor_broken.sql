-- Out: accounts below their floor, and balances whose floor or side is not their account's. Reads only.
SELECT 'account ' || a.code || ' ' || a.currency AS subject,
    CASE WHEN b.floor IS DISTINCT FROM a.floor OR b.normal <> a.normal THEN 'floor or side is not the account''s'
        ELSE 'below its floor of ' || b.floor END AS detail
FROM balance b JOIN account a ON a.id = b.account_id
WHERE b.normal::numeric * b.balance < b.floor OR b.floor IS DISTINCT FROM a.floor OR b.normal <> a.normal
