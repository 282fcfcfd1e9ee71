-- In: contents of known creators as JSON, now. Out: the ids that were new. Those that stand are left alone; one that
-- another transaction is inserting is waited for.
INSERT INTO content (id, creator, kind, caption, region, published_at, created_at, updated_at)
SELECT r.id, r.creator, r.kind, r.caption, r.region, r.published_at, :now, :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r (id text, creator text, kind text, caption text, region text, published_at timestamptz)
ORDER BY r.id COLLATE "C"
ON CONFLICT (id) DO NOTHING
RETURNING id
