-- In: as leaves.sql, and bounds: the first xids of the seals, ascending, that are read together.
-- Out: each entry with its postings as JSON ([[code, version, amount, balance], …] by code), by seal (its place among
-- the bounds), then by id. It only reads.
SELECT width_bucket(e.xid, CAST(:bounds AS bigint[])) AS place, e.id, e.recorded_at, e.key, e.kind, e.currency,
    e.effective_on, e.booked_on, e.note, e.corrects, '[' || coalesce(p.postings, '') || ']' AS postings
FROM entry e
LEFT JOIN (
    SELECT entry_id, string_agg(line, ',') AS postings
    FROM (
        SELECT p.entry_id, '[' || concat_ws(',', to_json(a.code), p.version, p.amount, p.balance) || ']' AS line
        FROM posting p JOIN account a ON a.id = p.account_id
        WHERE p.entry_id BETWEEN :first AND :last
        ORDER BY p.entry_id, a.code COLLATE "C"
    ) sorted
    GROUP BY entry_id
) p ON p.entry_id = e.id
WHERE e.xid >= :from_xid AND e.xid < :below_xid AND e.id BETWEEN :first AND :last
ORDER BY place, e.id
