-- Out: postings that do not carry on from the one before of their account: a gap in the versions, a balance that moves
-- by another amount, a latest day that is not the later of the two. Only the row at fault, not all that follow. Reads
-- only. Sums are numeric, so that no figure that somebody put there ends the proof with an overflow.
SELECT 'posting ' || account_id || '/' || version AS subject,
    concat_ws(', ',
        CASE WHEN version <> version_before + 1 THEN 'comes after version ' || version_before END,
        CASE WHEN balance <> balance_before::numeric + amount
            THEN 'amount ' || amount || ', but the balance moves by ' || balance - balance_before::numeric END,
        CASE WHEN latest_on <> greatest(latest_before, booked_on)
            THEN 'latest day ' || latest_on || ' instead of ' || greatest(latest_before, booked_on) END) AS detail
FROM (
    SELECT account_id, version, amount, balance, booked_on, latest_on,
        lag(version, 1, 0::bigint) OVER account AS version_before,
        lag(balance, 1, 0::bigint) OVER account AS balance_before,
        lag(latest_on, 1, '-infinity'::date) OVER account AS latest_before
    FROM posting WINDOW account AS (PARTITION BY account_id ORDER BY version)
) p
WHERE version <> version_before + 1 OR balance <> balance_before::numeric + amount
    OR latest_on <> greatest(latest_before, booked_on)
