-- In: a locked run whose payouts were just sent. Out: how many they are, their sum, and how many document numbers the
-- 1C files before have used, so that numbers go on where the last file ended. Reads only.
SELECT count(*) AS payments, coalesce(sum(amount), 0)::bigint AS total,
    (SELECT coalesce(sum(f.payments), 0)::bigint FROM payment_file f WHERE f.format = '1c') AS numbers_used
FROM payout WHERE run_id = :run AND state = 'sent'
