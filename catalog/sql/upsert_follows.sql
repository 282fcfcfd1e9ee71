-- In: creators and the pseudonyms that follow them, now. Begins those that do not stand; a repeat begins none. After an
-- end in the same moment the new interval begins a microsecond later: its key (creator, viewer, since) is taken.
INSERT INTO follow (creator, viewer, since)
SELECT r.ref, r.viewer, greatest(:now, before.since + interval '1 microsecond')
FROM unnest(CAST(:refs AS text[]), CAST(:viewers AS uuid[])) AS r (ref, viewer)
LEFT JOIN LATERAL (
    SELECT max(greatest(b.since, b.until - interval '1 microsecond')) AS since FROM follow b
    WHERE b.creator = r.ref COLLATE "C" AND b.viewer = r.viewer
) before ON true
WHERE NOT EXISTS (
    SELECT FROM follow s WHERE s.creator = r.ref COLLATE "C" AND s.viewer = r.viewer AND s.until IS NULL
)
ORDER BY r.ref COLLATE "C", r.viewer
ON CONFLICT DO NOTHING
