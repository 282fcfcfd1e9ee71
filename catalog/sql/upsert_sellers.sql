-- In: sellers as JSON, now. Out: nothing. A repeat changes nothing, not even updated_at.
INSERT INTO seller AS s (id, name, created_at, updated_at)
SELECT r.id, r.name, :now, :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id text, name text)
ORDER BY r.id COLLATE "C"
ON CONFLICT (id) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at
WHERE s.name IS DISTINCT FROM excluded.name
