-- Out: funds whose `deposited` is not the sum of their deposits. Reads only.
SELECT 'fund ' || f.id AS subject, 'deposited less deposits ' || f.deposited - coalesce(d.total, 0) AS detail
FROM fund f LEFT JOIN (SELECT fund, sum(amount) AS total FROM deposit GROUP BY fund) d ON d.fund = f.id
WHERE f.deposited <> coalesce(d.total, 0)
