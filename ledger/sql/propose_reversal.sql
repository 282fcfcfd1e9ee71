-- In: an entry, reason, person, the day of the service, the moment. Does: proposes the entry's postings with the other
-- sign. Out: the proposal's key. A repeat proposes once more; that one entry is reversed once is kept when it is posted.
INSERT INTO adjustment
    (currency, postings, amount, effective_on, corrects, reversal, reason, state, proposed_by, proposed_at)
SELECT e.currency, jsonb_agg(jsonb_build_array(a.code, -p.amount) ORDER BY a.code),
    (sum(p.amount) FILTER (WHERE p.amount > 0))::bigint, :day, e.id, true, :reason, 'proposed', :person, :now
FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
WHERE e.id = :entry GROUP BY e.id RETURNING id
