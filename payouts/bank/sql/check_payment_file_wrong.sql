-- Out: payment files whose count or total is not that of the payouts they own, which are all of their run, and payments
-- of no file: they have no foreign keys. Reads only.
SELECT 'payment file ' || coalesce(f.id, o.file_id) AS subject,
    CASE WHEN f.id IS NULL THEN 'it owns payouts of another run, or is not there'
        ELSE 'payments less payouts ' || f.payments - coalesce(o.payments, 0)
            || ', total less payouts ' || f.total - coalesce(o.total, 0) END AS detail
FROM payment_file f
FULL JOIN (
    SELECT k.file_id, p.run_id, count(p.id) AS payments, coalesce(sum(p.amount), 0) AS total
    FROM file_payment k LEFT JOIN payout p ON p.id = k.payout_id
    GROUP BY k.file_id, p.run_id
) o ON o.file_id = f.id AND o.run_id = f.run_id
WHERE f.id IS NULL OR f.payments <> coalesce(o.payments, 0) OR f.total <> coalesce(o.total, 0)
