-- In: a watermark, or null. Out: did it see any entry (null: is there any entry)? Reads only.
SELECT CASE WHEN CAST(:watermark AS bigint) IS NULL THEN EXISTS (SELECT FROM entry) ELSE EXISTS (
    SELECT FROM watermark w JOIN entry e
        ON e.xid < w.xid_offset + pg_snapshot_xmax(w.snapshot::pg_snapshot)::text::bigint
        AND ledger_visible(e.xid, w.xid_offset, w.snapshot::pg_snapshot)
    WHERE w.n = CAST(:watermark AS bigint)
) END
