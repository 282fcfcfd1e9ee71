-- What generation does not see: checks and partial indexes of tables that were there, and rights.
ALTER TABLE payee DROP CONSTRAINT payee_method_check,
    ADD CONSTRAINT payee_method_check CHECK (method IN ('manual', 'stripe', 'bank')),
    ADD CONSTRAINT payee_minimum_check CHECK (minimum IS NULL OR minimum > 0 AND minimum_currency IS NOT NULL),
    ADD CONSTRAINT payee_scheme_check CHECK (scheme IN ('rubles', 'iban'));
ALTER TABLE payout_setting DROP CONSTRAINT payout_setting_schedule_check,
    ADD CONSTRAINT payout_setting_schedule_check
        CHECK (schedule ~ '^(manual|daily|weekly:[1-7]|monthly:([1-9]|1[0-9]|2[0-8]))$'),
    ADD CONSTRAINT payout_setting_provider_check CHECK (provider IN ('manual', 'stripe', 'bank'));
ALTER TABLE payout_run DROP CONSTRAINT payout_run_provider_check,
    ADD CONSTRAINT payout_run_provider_check CHECK (provider IN ('manual', 'stripe', 'bank'));
ALTER TABLE payout DROP CONSTRAINT payout_state_check,
    ADD CONSTRAINT payout_state_check CHECK (
        state IN ('reserved', 'sending', 'unknown', 'sent', 'paid', 'failed', 'returned', 'cancelled', 'held')),
    ADD CONSTRAINT payout_tax_check CHECK (tax >= 0 AND (tax = 0 OR tax_kind IS NOT NULL)),
    ADD CONSTRAINT payout_reversed_check CHECK (reversed BETWEEN 0 AND amount);
DROP INDEX payout_open_idx;
CREATE INDEX payout_open_idx ON payout (run_id)
    WHERE state IN ('reserved', 'sending', 'unknown', 'sent', 'held');
DROP INDEX payout_unfinished_key;
CREATE UNIQUE INDEX payout_unfinished_key ON payout (creator, currency)
    WHERE state IN ('reserved', 'sending', 'unknown', 'sent', 'held');

GRANT SELECT ON ALL TABLES IN SCHEMA public TO kopeck_app;
GRANT INSERT, UPDATE ON payout_attempt, stripe_account, provider_event, provider_payout, provider_poll, reversal, top_up, difference
    TO kopeck_app;
GRANT UPDATE (reversed) ON payout TO kopeck_app;
GRANT INSERT ON payment_file, file_payment, bank_statement, withholding, receipt TO kopeck_app;
GRANT INSERT, UPDATE (payout_id, outcome, entry_id, explained_by, explanation) ON bank_line TO kopeck_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_file
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON withholding
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipt
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
GRANT INSERT ON reconciliation TO kopeck_app;
