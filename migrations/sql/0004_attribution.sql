-- New rows of touches lie at the end of their partition; the index's summary of them is made here.
CREATE FUNCTION touch_summarize(p_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name regclass := to_regclass('touch_' || to_char(p_day, 'YYYYMMDD') || '_batch_id_idx');
BEGIN
    RETURN CASE WHEN name IS NULL THEN 0 ELSE brin_summarize_new_values(name) END;
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_version
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON suspect
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();

GRANT SELECT ON ALL TABLES IN SCHEMA public TO kopeck_app;
GRANT INSERT ON policy_version TO kopeck_app;
GRANT INSERT, UPDATE (state, decided_at, decided_by, reason) ON suspect TO kopeck_app;
GRANT INSERT, UPDATE, DELETE ON reattribution TO kopeck_app;
GRANT UPDATE (version, generation, outcome, touch_id, touched_at, attributed_at) ON attribution TO kopeck_app;
REVOKE ALL ON FUNCTION touch_summarize(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION touch_summarize(date) TO kopeck_app;
