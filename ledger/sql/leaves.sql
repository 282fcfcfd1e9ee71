-- In: from_xid, below_xid (which entries), first, last (between which ids they lie: postings are found by these).
-- Out, in no order: each entry's id, xid and recorded_at, how many postings it has, and what its leaf is the SHA-256 of:
-- a zero byte and the canonical bytes (docs/seals.md). It only reads.
-- A text is its length in bytes and its UTF-8 (kinds, currencies and codes are ASCII); a number, a day and a moment
-- (micros) are 8 bytes, and the latter two count from 1970: timestamptz_send counts from 2000, 262968 hours later.
SELECT e.id, e.xid, e.recorded_at, coalesce(p.postings, 0) AS postings,
    '\x000000000e6b6f7065636b2e656e7472792e31'::bytea -- the zero byte and kopeck.entry.1
    || int8send(e.id)
    || int4send(octet_length(convert_to(e.key, 'UTF8'))) || convert_to(e.key, 'UTF8')
    || int4send(octet_length(e.kind)) || convert_to(e.kind, 'UTF8')
    || int4send(octet_length(e.currency)) || convert_to(e.currency, 'UTF8')
    || int8send(e.effective_on - DATE '1970-01-01') || int8send(e.booked_on - DATE '1970-01-01')
    || timestamptz_send(e.recorded_at + INTERVAL '262968 hours')
    || coalesce('\x01'::bytea || int4send(octet_length(convert_to(e.note, 'UTF8'))) || convert_to(e.note, 'UTF8'),
        '\x00'::bytea)
    || coalesce('\x01'::bytea || int8send(e.corrects), '\x00'::bytea)
    || int8send(coalesce(p.postings, 0)) || coalesce(p.data, ''::bytea) AS data
FROM entry e
LEFT JOIN (
    SELECT entry_id, count(*) AS postings, string_agg(data, ''::bytea) AS data
    FROM (
        -- Sorted once for all entries: a sort inside the aggregate would begin and end one for each.
        SELECT p.entry_id, int4send(octet_length(a.code)) || convert_to(a.code, 'UTF8')
            || int8send(p.version) || int8send(p.amount) || int8send(p.balance) AS data
        FROM posting p JOIN account a ON a.id = p.account_id
        WHERE p.entry_id BETWEEN :first AND :last
        ORDER BY p.entry_id, a.code COLLATE "C"
    ) sorted
    GROUP BY entry_id
) p ON p.entry_id = e.id
WHERE e.xid >= :from_xid AND e.xid < :below_xid AND e.id BETWEEN :first AND :last
