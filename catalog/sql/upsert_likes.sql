-- In: contents and the pseudonyms that like them, now. Begins those that do not stand; a repeat begins none. After an
-- end in the same moment the new interval begins a microsecond later: its key (content, viewer, since) is taken.
INSERT INTO content_like (content, viewer, since)
SELECT r.ref, r.viewer, greatest(:now, before.since + interval '1 microsecond')
FROM unnest(CAST(:refs AS text[]), CAST(:viewers AS uuid[])) AS r (ref, viewer)
LEFT JOIN LATERAL (
    SELECT max(greatest(b.since, b.until - interval '1 microsecond')) AS since FROM content_like b
    WHERE b.content = r.ref COLLATE "C" AND b.viewer = r.viewer
) before ON true
WHERE NOT EXISTS (
    SELECT FROM content_like s WHERE s.content = r.ref COLLATE "C" AND s.viewer = r.viewer AND s.until IS NULL
)
ORDER BY r.ref COLLATE "C", r.viewer
ON CONFLICT DO NOTHING
