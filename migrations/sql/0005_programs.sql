-- What generation does not see: checks of tables that were there, the open targets' index, rows that stand, and rights.
ALTER TABLE program_version DROP CONSTRAINT program_version_state_check,
    ADD CONSTRAINT program_version_state_check CHECK (state IN ('draft', 'proposed', 'active'));
ALTER TABLE enrolment DROP CONSTRAINT enrolment_state_check,
    ADD CONSTRAINT enrolment_state_check
        CHECK (state IN ('applied', 'invited', 'active', 'rejected', 'suspended', 'left'));
ALTER TABLE rule DROP CONSTRAINT rule_grain_check,
    ADD CONSTRAINT rule_grain_check
        CHECK (grain IN ('sale', 'content_day', 'product_day', 'creator_day', 'creator_month')),
    ADD CONSTRAINT rule_amount_check CHECK (
        num_nonnulls(amount, pool) <= 1 AND (name = 'rate_protection') = (num_nonnulls(amount, pool) = 0)),
    ADD CONSTRAINT rule_pool_check CHECK (num_nulls(pool, pool_per, weight) IN (0, 3) AND pool > 0 AND top > 0),
    ADD CONSTRAINT rule_pool_per_check CHECK (pool_per IN ('day', 'month')),
    ADD CONSTRAINT rule_on_shortfall_check CHECK (on_shortfall IN ('wait', 'prorate'));
ALTER TABLE program ADD CONSTRAINT program_funding_check CHECK ((fund IS NULL) = (line IS NULL)),
    ADD CONSTRAINT program_rollout_percent_check CHECK (rollout_percent BETWEEN 0 AND 100),
    ADD CONSTRAINT program_rate_protection_days_check CHECK (rate_protection_days BETWEEN 0 AND 365);
ALTER TABLE fund ADD CONSTRAINT fund_budget_check CHECK (budget > 0);
ALTER TABLE reward ADD CONSTRAINT reward_kind_check CHECK (kind IN ('reward', 'cut'));

UPDATE reward_target t SET uncapped = target,
    occurred_at = coalesce((SELECT p.occurred_at FROM purchase p WHERE p.id = t.purchase_id), t.day::timestamptz),
    product = (SELECT p.product FROM purchase p WHERE p.id = t.purchase_id);
ALTER TABLE reward_target ALTER uncapped SET NOT NULL, ALTER occurred_at SET NOT NULL,
    ADD CONSTRAINT reward_target_cut_check CHECK (cut BETWEEN 0 AND cut_at);
DROP INDEX reward_target_open_idx;
CREATE INDEX reward_target_open_idx ON reward_target (program, day, key) WHERE due <> posted;

INSERT INTO changed_month (month, creator)
SELECT DISTINCT date_trunc('month', t.day)::date, c.creator FROM tally_content_day t JOIN content c ON c.id = t.content
WHERE t.day >= date_trunc('month', now())
ON CONFLICT DO NOTHING;

-- A suspension holds payouts from now on, also one that stood before.
INSERT INTO creator_hold (creator, cause, reason, held_by, since)
SELECT creator, 'program:' || program, coalesce(reason, 'suspended in program ' || program),
    coalesce(decided_by, 'unknown'), updated_at
FROM enrolment WHERE state = 'suspended';

GRANT SELECT ON ALL TABLES IN SCHEMA public TO kopeck_app;
GRANT UPDATE (proposed_by) ON program_version TO kopeck_app;
GRANT UPDATE (regions, min_followers, rollout_percent, terms) ON program TO kopeck_app;
GRANT UPDATE (name) ON fund TO kopeck_app; -- who may update may lock
GRANT INSERT ON rule_cap, pool_split, backtest, fund_warning, seller_deposit TO kopeck_app;
GRANT INSERT, UPDATE, DELETE ON changed_month TO kopeck_app;
GRANT INSERT, UPDATE (state, decided_by, decided_at, entry_id) ON fund_transfer, fund_grant TO kopeck_app;
GRANT INSERT, UPDATE (until) ON creator_hold TO kopeck_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_cap
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pool_split
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();

-- What a version says never changes once it is active, and once it is proposed nothing is added to what another person
-- is to approve: rules come with the draft, and the row of rate protection just before the start.
CREATE FUNCTION rules_are_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version bigint;
    standing text;
BEGIN
    IF TG_TABLE_NAME = 'rule' THEN
        version := NEW.version_id;
    ELSE
        SELECT version_id INTO version FROM rule WHERE id = NEW.rule_id;
    END IF;
    SELECT state INTO standing FROM program_version WHERE id = version FOR SHARE;
    IF standing = 'active' OR standing = 'proposed' AND to_jsonb(NEW) ->> 'name' IS DISTINCT FROM 'rate_protection' THEN
        RAISE EXCEPTION 'the rules of a version that is % never change', standing USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE INSERT ON rule FOR EACH ROW EXECUTE FUNCTION rules_are_frozen();
CREATE TRIGGER frozen BEFORE INSERT ON rule_cap FOR EACH ROW EXECUTE FUNCTION rules_are_frozen();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON program_version
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER frozen BEFORE UPDATE ON program_version
    FOR EACH ROW WHEN (OLD.state = 'active') EXECUTE FUNCTION history_is_append_only();
