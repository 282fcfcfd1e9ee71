-- In: an account, its normal side, first and last day, the version to start after and the balance there, the last
-- version, how many. Out: the days' postings in the order of the account's versions, each with the statement's balance
-- after it. Natural signs. Versions never change, so that pages read one after the other fit together. Reads only.
SELECT p.version, p.entry_id, :normal * p.amount AS amount, e.kind, e.note, e.booked_on, e.effective_on, e.recorded_at,
    (CAST(:running AS bigint) + sum(:normal * p.amount) OVER (ORDER BY p.version))::bigint AS balance
FROM (
    SELECT version, entry_id, amount FROM posting
    WHERE account_id = :account AND version > :after AND version <= :high AND booked_on BETWEEN :since AND :until
    ORDER BY version LIMIT :size
) p
JOIN entry e ON e.id = p.entry_id
ORDER BY p.version
