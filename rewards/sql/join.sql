-- In: a program, a creator, the moment. Does: opens a membership, never before the end of the one before (the clock of
-- another process may lag behind). Out: nothing. A second one is refused by the unique index of standing ones.
INSERT INTO membership (program, creator, since)
SELECT :program, :creator, greatest(CAST(:since AS timestamptz),
    (SELECT max(until) FROM membership WHERE program = :program AND creator = :creator))
