-- The partition of `touch` that holds one day (a day of the service's time zone; the session's time zone is that).
-- Attaching takes a lock that lets other events in meanwhile; two makers meet at the advisory lock.
CREATE FUNCTION touch_partition(p_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text := 'touch_' || to_char(p_day, 'YYYYMMDD');
    zone text := (SELECT value FROM fact WHERE fact.name = 'time_zone');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('touch_partition'));
    -- Not to_regclass again: it may answer from a cache that is older than the lock.
    IF EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'public'::regnamespace) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE touch INCLUDING ALL)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO kopeck_app', name);
    EXECUTE format('ALTER TABLE touch ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        name, p_day::timestamp AT TIME ZONE zone, (p_day + 1)::timestamp AT TIME ZONE zone);
END $$;

INSERT INTO policy (id, model, scope, click_window_hours, view_window_hours)
    VALUES ('default', 'last_touch', 'product', 720, 24);
