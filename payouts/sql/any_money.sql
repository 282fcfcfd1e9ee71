-- In: a currency, the minimum in micros, the pattern of an available account. Out: does any creator have that much now?
-- After a run nobody does, and reading the balances in a row says so in a fraction of the time that it takes to ask for
-- each creator's. Reads only.
SELECT EXISTS (
    SELECT FROM balance b JOIN account a ON a.id = b.account_id
    WHERE b.normal * b.balance >= :minimum AND a.currency = :currency
        AND a.code LIKE replace(CAST(:available AS text), '{}', '%')
)
