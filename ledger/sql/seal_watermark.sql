-- In: nothing. Out: the moment of the watermark that was set; no row when the last one saw every entry there is, so that
-- a repeat sets none. Entries of another epoch than the watermark's lie above all that it saw.
-- What this statement sees is fixed as it begins; the clock is read after that, so nothing that is seen is later.
INSERT INTO watermark (taken_at, xid_offset, snapshot, below_xid)
SELECT clock_timestamp(), epoch.xid_offset, pg_current_snapshot()::text,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint + epoch.xid_offset
FROM ledger_epoch() AS epoch (xid_offset)
LEFT JOIN (SELECT xid_offset, snapshot::pg_snapshot, below_xid FROM watermark ORDER BY n DESC LIMIT 1) last ON true
WHERE EXISTS (
    SELECT FROM entry e
    WHERE e.xid >= coalesce(last.below_xid, 0)
        AND (last.below_xid IS NULL OR NOT ledger_visible(e.xid, last.xid_offset, last.snapshot))
)
RETURNING taken_at
