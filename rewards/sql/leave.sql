-- In: a program, a creator, the moment. Does: closes the standing membership, never before it began (the clock of
-- another process may lag behind). Out: nothing. A repeat finds none that stands.
UPDATE membership SET until = greatest(CAST(:until AS timestamptz), since)
WHERE program = :program AND creator = :creator AND until IS NULL
