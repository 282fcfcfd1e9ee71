-- One at a time for a program's versions and members (the application may not lock program rows: they never change).
SELECT pg_advisory_xact_lock(hashtextextended('program ' || :program, 0))
