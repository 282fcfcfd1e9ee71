-- In: contents as JSON whose rows the caller holds locked, now. Out: nothing. A repeat changes nothing. The creator
-- stays.
UPDATE content c
SET kind = r.kind, caption = r.caption, region = r.region, published_at = r.published_at, updated_at = :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r (id text, kind text, caption text, region text, published_at timestamptz)
WHERE c.id = r.id COLLATE "C"
    AND (c.kind, c.caption, c.region, c.published_at) IS DISTINCT FROM (r.kind, r.caption, r.region, r.published_at)
