-- In: creators as JSON (viewer already a pseudonym), now. Out: nothing. A repeat changes nothing, not even updated_at.
INSERT INTO creator AS c (id, name, region, avatar_url, viewer, status, created_at, updated_at)
SELECT r.id, r.name, r.region, r.avatar_url, r.viewer, r.status, :now, :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r (id text, name text, region text, avatar_url text, viewer uuid, status text)
ORDER BY r.id COLLATE "C"
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, region = excluded.region, avatar_url = excluded.avatar_url, viewer = excluded.viewer,
    status = excluded.status, updated_at = excluded.updated_at
WHERE (c.name, c.region, c.avatar_url, c.viewer, c.status)
    IS DISTINCT FROM (excluded.name, excluded.region, excluded.avatar_url, excluded.viewer, excluded.status)
