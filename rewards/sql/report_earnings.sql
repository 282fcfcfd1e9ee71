-- In: first and last earning day. Out: what each creator earned by each program in them, as posted so far. Reads only.
SELECT w.creator, c.name, w.program, w.currency, count(*) AS lines,
    coalesce(sum(w.amount) FILTER (WHERE w.amount > 0), 0)\:\:bigint AS given,
    coalesce(-sum(w.amount) FILTER (WHERE w.amount < 0), 0)\:\:bigint AS taken_back,
    sum(w.amount)\:\:bigint AS earned
FROM reward w JOIN creator c ON c.id = w.creator
WHERE w.day BETWEEN CAST(:since AS date) AND CAST(:until AS date)
GROUP BY w.creator, c.name, w.program, w.currency
ORDER BY w.creator, w.program, w.currency
