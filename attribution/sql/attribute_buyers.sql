-- Part of attribute_candidates when touches are read in bulk. In: the claimed purchases or purchases among which they
-- are, one less than a power of two. Out: a condition on a touch that nearly all touches by people who bought nothing
-- fail: a bit for each hash of a viewer, read before anything is joined. A set of bits fits the processor's cache, the
-- table of purchases does not; whom it lets through by chance, the join drops. Words are written with their highest byte
-- first and bits are read from the lowest byte's: hence # 56. `> 0`, not `= 1`: the planner takes the latter for very rare.
    AND get_bit((
        SELECT string_agg(int8send(coalesce(bits, 0)), '' ORDER BY word)
        FROM generate_series(0, CAST(:mask AS integer) >> 6) word
        LEFT JOIN (
            SELECT buyer >> 6 AS word, bit_or(CAST(1 AS bigint) << ((buyer & 63) # 56)) AS bits
            FROM (SELECT uuid_hash(viewer) & :mask AS buyer FROM {purchases} p) b GROUP BY 1
        ) used USING (word)
    ), uuid_hash(t.viewer) & :mask) > 0
