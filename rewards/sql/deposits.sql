-- In: fund, key after which to start, how many. A fund's deposits with their entries.
SELECT d.*, f.currency, e.recorded_at FROM deposit d JOIN fund f ON f.id = d.fund JOIN entry e ON e.id = d.entry_id
WHERE d.fund = :fund AND d.id > :after ORDER BY d.id LIMIT :limit
