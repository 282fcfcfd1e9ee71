-- A seller's money on its way back to the seller has an account of its own; rights.
UPDATE account_kind SET pattern = '^liabilities:seller:[A-Za-z0-9._-]+:(balance|in_transit)$'
    WHERE pattern = '^liabilities:seller:[A-Za-z0-9._-]+:balance$';

GRANT SELECT ON ALL TABLES IN SCHEMA public TO kopeck_app;
GRANT INSERT, UPDATE ON bounty, claim, seller_withdrawal TO kopeck_app;
GRANT INSERT ON bounty_fee, claim_move TO kopeck_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bounty_fee
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON claim_move
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
