-- Out: accounts whose balance row is missing or is not what their postings come to. Differences instead of figures: they
-- stay the same while the account moves on. Reads only.
SELECT 'account ' || a.code || ' ' || a.currency AS subject,
    CASE WHEN b.account_id IS NULL THEN 'has no balance' ELSE concat_ws(', ',
        'balance less postings ' || b.balance - coalesce(p.total, 0),
        'version less postings ' || b.version - coalesce(p.rows, 0),
        CASE WHEN b.version <> coalesce(p.newest, 0) THEN 'version less newest posting ' || b.version - coalesce(p.newest, 0) END,
        CASE WHEN b.latest_on <> coalesce(p.latest_on, '-infinity') THEN 'another latest day' END) END AS detail
FROM account a
LEFT JOIN balance b ON b.account_id = a.id
LEFT JOIN (SELECT account_id, sum(amount) AS total, count(*) AS rows, max(version) AS newest, max(booked_on) AS latest_on
    FROM posting GROUP BY account_id) p ON p.account_id = a.id
WHERE b.account_id IS NULL OR b.balance <> coalesce(p.total, 0) OR b.version <> coalesce(p.rows, 0)
    OR b.version <> coalesce(p.newest, 0) OR b.latest_on <> coalesce(p.latest_on, '-infinity')
