-- In: from_xid (where the last seal ended), xid_offset (of the epoch), most (postings).
-- Out: one row: below_xid, where the next seal ends. Every transaction of this database below it has ended by now, so the
-- next statement sees what it wrote; the seal ends earlier, behind the transaction with which it has its fill of postings,
-- so that a backlog is sealed in pieces. It only reads.
WITH running AS (
    SELECT min(x.xid) AS xid
    FROM (SELECT pg_snapshot_xip(pg_current_snapshot())::text::bigint AS xid) x
    -- The cluster counts its transactions over all databases. One of another database writes no entry here; it is known
    -- by the lock that every transaction has on its own id (of which locks show the lower 32 bits).
    WHERE CASE WHEN EXISTS (
        SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
            AND l.transactionid::text::bigint = x.xid % 4294967296
            AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))
        THEN false ELSE pg_xact_status(x.xid::text::xid8) = 'in progress' END
), ended AS (
    SELECT coalesce((SELECT xid FROM running), pg_snapshot_xmax(pg_current_snapshot())::text::bigint) + :xid_offset
        AS below_xid
)
SELECT least(ended.below_xid, (
    SELECT filling.xid + 1 FROM (
        SELECT e.xid, sum(e.posting_count) OVER (ORDER BY e.xid) AS postings
        FROM entry e WHERE e.xid >= :from_xid AND e.xid < ended.below_xid
    ) filling WHERE filling.postings >= :most ORDER BY filling.xid LIMIT 1
)) AS below_xid
FROM ended
