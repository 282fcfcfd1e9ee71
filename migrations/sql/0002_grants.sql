-- What the application may do. It may not rewrite history: books, events, shares and rewards are only added to,
-- and the books only through ledger_post. Where a row moves on, the columns that may move are named.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kopeck_app') THEN
        CREATE ROLE kopeck_app NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'kopeck_app', 'MEMBER') THEN
        EXECUTE format('GRANT kopeck_app TO %I', current_user);
    END IF;
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO kopeck_app', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kopeck_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO kopeck_app;

GRANT INSERT, UPDATE ON creator, seller, product, content, product_tag, follow, content_like TO kopeck_app;
GRANT INSERT, UPDATE, DELETE ON changed_day, changed_purchase TO kopeck_app;
GRANT INSERT, UPDATE ON event_batch, tally_content_day, tally_product_day, import_run TO kopeck_app;
GRANT INSERT ON touch, refund, event_conflict, attribution, share, policy, fact TO kopeck_app;
GRANT INSERT, UPDATE (refunded, returned) ON purchase TO kopeck_app;
GRANT INSERT, DELETE, UPDATE (state, outcome) ON parked_event TO kopeck_app;
GRANT INSERT, UPDATE (deposited) ON fund TO kopeck_app;
GRANT INSERT ON deposit, program, rule TO kopeck_app;
GRANT INSERT, UPDATE (given, returned) ON allocation TO kopeck_app;
GRANT INSERT, UPDATE (purpose) ON fund_line TO kopeck_app;
GRANT INSERT, UPDATE (state, activated_by, activated_at) ON program_version TO kopeck_app;
GRANT INSERT, UPDATE ON enrolment, reward_target TO kopeck_app;
GRANT INSERT, UPDATE (until) ON membership TO kopeck_app;
GRANT INSERT, UPDATE (release_entry_id, released_at) ON reward TO kopeck_app;
GRANT INSERT, UPDATE ON payee, payout_setting, payout_run TO kopeck_app;
GRANT INSERT, UPDATE (state, hold_reason, held_by, reference, sent_at, settled_at, settled_by) ON payout TO kopeck_app;
GRANT INSERT, UPDATE (revoked_at) ON api_key TO kopeck_app;
GRANT INSERT ON idempotency TO kopeck_app;
GRANT INSERT, UPDATE, DELETE ON job_run, scheduler TO kopeck_app;

REVOKE ALL ON FUNCTION ledger_open(text[], text), touch_partition(date) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_post(text, text, text, date, date, text, bigint[], bigint[], bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_open(text[], text), touch_partition(date) TO kopeck_app;
GRANT EXECUTE ON FUNCTION ledger_post(text, text, text, date, date, text, bigint[], bigint[], bigint[], bigint[])
    TO kopeck_app;
