-- The books' own guards. Each rule of DESIGN's ledger table stands here once, whatever code runs above.

-- The chart of accounts: an account's code decides its normal side and its floor. The prefix only saves comparisons.
-- That an id has at most 64 characters is asked apart, by ledger_open: {1,64} in a pattern takes five times as long.
INSERT INTO account_kind (prefix, pattern, normal, floor)
    SELECT rtrim(split_part(substr(pattern, 2), '[', 1), '$'), pattern, normal, floor FROM (VALUES
    ('^assets:bank:[a-z0-9_-]+:[A-Z]{3}$', 1::smallint, NULL::bigint),
    ('^assets:suspense:[A-Z]{3}$', 1, NULL),
    ('^liabilities:fund:[A-Za-z0-9._-]+:unallocated$', -1, 0),
    ('^liabilities:fund:[A-Za-z0-9._-]+:line:[A-Za-z0-9._-]+$', -1, 0),
    ('^liabilities:creator:[A-Za-z0-9._-]+:(pending|available)$', -1, NULL),
    ('^liabilities:creator:[A-Za-z0-9._-]+:in_transit$', -1, 0),
    ('^liabilities:seller:[A-Za-z0-9._-]+:balance$', -1, 0),
    ('^liabilities:bounty:[A-Za-z0-9._-]+:escrow$', -1, 0),
    ('^liabilities:tax:[a-z0-9_-]+$', -1, NULL),
    ('^income:fees:[a-z0-9_-]+$', -1, NULL),
    ('^expenses:provider_fees:[a-z0-9_-]+$', 1, NULL),
    ('^expenses:writeoff$', 1, NULL),
    ('^equity:opening$', -1, NULL)
    ) AS kind (pattern, normal, floor);

-- Accounts by code, opened where they do not exist yet. Answers (code, account_id) for every code asked.
-- Each code is looked up by the index: the planner believes that few accounts are in a currency, and would rather
-- compare each code with all of them.
CREATE FUNCTION ledger_open(p_codes text[], p_currency text) RETURNS TABLE (code text, account_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off SET enable_material = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    missing text[] := ARRAY(
        SELECT DISTINCT c.code COLLATE "C" FROM unnest(p_codes) AS c (code)
        WHERE NOT EXISTS (SELECT FROM account a WHERE a.code = c.code COLLATE "C" AND a.currency = p_currency)
        ORDER BY 1);
    normals smallint[];
    floors bigint[];
    unknown text;
BEGIN
    IF cardinality(missing) > 0 THEN
        SELECT array_agg(m.code ORDER BY m.code), array_agg(k.normal ORDER BY m.code), array_agg(k.floor ORDER BY m.code),
                min(m.code) FILTER (WHERE k.pattern IS NULL OR (m.code ~ '^assets:' AND right(m.code, 3) <> p_currency))
            INTO missing, normals, floors, unknown
            FROM unnest(missing) AS m (code)
            LEFT JOIN account_kind k ON starts_with(m.code, k.prefix) AND m.code ~ k.pattern
                AND length(split_part(m.code, ':', 3)) <= 64 AND length(split_part(m.code, ':', 5)) <= 64;
        IF unknown IS NOT NULL THEN
            RAISE EXCEPTION 'the chart of accounts has no % in %', unknown, p_currency USING ERRCODE = 'KP404';
        END IF;
        WITH opened AS (
            INSERT INTO account (code, currency, normal, floor)
                SELECT m.code, p_currency, m.normal, m.floor FROM unnest(missing, normals, floors) AS m (code, normal, floor)
                ON CONFLICT (code, currency) DO NOTHING
                RETURNING id, normal, floor)
        INSERT INTO balance (account_id, normal, floor) SELECT id, normal, floor FROM opened;
    END IF;
    RETURN QUERY SELECT a.code, a.id FROM account a
        WHERE a.currency = p_currency AND a.code = ANY (p_codes);
END $$;

-- The one door for money. Posts one balanced entry: sum(p_amounts) = 0, debit positive, each account once.
-- Answers the entry and whether the key had been posted before with the same content (then nothing is written).
-- p_least_accounts/p_least: accounts whose natural balance must not be below these values afterwards.
-- Raises KP402 a floor or condition would be broken, KP404 unknown account, KP409 key with other content, KP422 not balanced.
CREATE FUNCTION ledger_post(
    p_key text, p_kind text, p_currency text, p_effective_on date, p_booked_on date, p_note text,
    p_accounts bigint[], p_amounts bigint[],
    p_least_accounts bigint[] DEFAULT '{}', p_least bigint[] DEFAULT '{}'
) RETURNS TABLE (entry_id bigint, recorded_at timestamptz, replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
-- Arrays of two and of ten thousand want different plans; a generic one, made for ten rows, never ends on the latter.
-- And whatever the statistics say: only the rows that the entry names are read, by their keys, never a whole table.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off SET enable_material = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    v_accounts bigint[];
    v_amounts bigint[];
    v_fingerprint bytea;
    v_entry entry%ROWTYPE;
    v_places tid[];
    v_floored bigint[];
    v_short text;
BEGIN
    SELECT array_agg(a ORDER BY a), array_agg(m ORDER BY a) INTO v_accounts, v_amounts
        FROM unnest(p_accounts, p_amounts) AS leg (a, m);
    v_fingerprint := sha256(convert_to(concat_ws('|', p_kind, p_currency, p_effective_on, p_note,
        array_to_string(v_accounts, ','), array_to_string(v_amounts, ',')), 'UTF8'));

    INSERT INTO entry (key, fingerprint, kind, currency, effective_on, booked_on, note, posting_count)
        VALUES (p_key, v_fingerprint, p_kind, p_currency, p_effective_on, p_booked_on, p_note, cardinality(v_accounts))
        ON CONFLICT (key) DO NOTHING RETURNING * INTO v_entry;
    IF NOT FOUND THEN
        SELECT * INTO v_entry FROM entry WHERE key = p_key;
        IF v_entry.fingerprint <> v_fingerprint THEN
            RAISE EXCEPTION 'the key % already stands for another entry', p_key USING ERRCODE = 'KP409';
        END IF;
        RETURN QUERY SELECT v_entry.id, v_entry.recorded_at, true;
        RETURN;
    END IF;

    -- Balances are locked in one global order, by account, so that two entries never wait for each other in a ring.
    -- A locked row stays where it is, so the update below goes straight to its place.
    SELECT array_agg(place ORDER BY account_id), array_agg(account_id) FILTER (WHERE floor IS NOT NULL)
        INTO v_places, v_floored
        FROM (SELECT ctid AS place, account_id, floor FROM balance
            WHERE account_id = ANY (v_accounts) ORDER BY account_id FOR UPDATE) b;
    IF coalesce(cardinality(v_places), 0) <> cardinality(v_accounts) THEN
        RAISE EXCEPTION 'an entry names an account that does not exist' USING ERRCODE = 'KP404';
    END IF;
    IF v_floored IS NOT NULL THEN
        SELECT min(a.code) INTO v_short FROM unnest(v_accounts, v_amounts) AS leg (account_id, amount)
            JOIN balance b USING (account_id) JOIN account a ON a.id = b.account_id
            WHERE leg.account_id = ANY (v_floored) AND b.normal * (b.balance + leg.amount) < b.floor;
        IF v_short IS NOT NULL THEN
            RAISE EXCEPTION '% does not hold enough', v_short USING ERRCODE = 'KP402';
        END IF;
    END IF;

    WITH moved AS (
        UPDATE balance b SET balance = b.balance + leg.amount, version = b.version + 1
            FROM unnest(v_places, v_amounts) AS leg (place, amount)
            WHERE b.ctid = leg.place
            RETURNING b.account_id, b.version, b.balance, leg.amount)
    INSERT INTO posting (account_id, version, entry_id, amount, balance, booked_on)
        SELECT account_id, version, v_entry.id, amount, balance, p_booked_on FROM moved;

    IF cardinality(p_least_accounts) > 0 THEN
        SELECT a.code INTO v_short FROM unnest(p_least_accounts, p_least) AS least (account_id, amount)
            JOIN balance b USING (account_id) JOIN account a ON a.id = b.account_id
            WHERE b.normal * b.balance < least.amount LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% does not hold enough', v_short USING ERRCODE = 'KP402';
        END IF;
    END IF;
    RETURN QUERY SELECT v_entry.id, v_entry.recorded_at, false;
END $$;

-- All postings of an entry come in one statement, sum to zero, name existing accounts of its currency once each.
-- Set-wise over the transition table: no per-row trigger or foreign key on the hot table.
CREATE FUNCTION posting_check() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    bad bigint;
    foreign_currency boolean;
BEGIN
    SELECT n.entry_id, n.known <> n.rows OR n.currency <> e.currency OR n.last_currency <> e.currency
        INTO bad, foreign_currency
        FROM (SELECT p.entry_id, sum(p.amount) AS total, count(*) AS rows, count(DISTINCT p.account_id) AS accounts,
                min(p.booked_on) AS first_day, max(p.booked_on) AS last_day,
                count(a.id) AS known, min(a.currency) AS currency, max(a.currency) AS last_currency
            FROM added p LEFT JOIN account a ON a.id = p.account_id GROUP BY p.entry_id) n
        LEFT JOIN entry e ON e.id = n.entry_id
        WHERE n.total <> 0 OR n.rows <> n.accounts OR e.id IS NULL OR n.rows <> e.posting_count
            OR n.first_day <> e.booked_on OR n.last_day <> e.booked_on
            OR n.known <> n.rows OR n.currency <> e.currency OR n.last_currency <> e.currency LIMIT 1;
    IF foreign_currency THEN
        RAISE EXCEPTION 'entry % has a posting to an account of another currency', bad USING ERRCODE = 'KP422';
    ELSIF bad IS NOT NULL THEN
        RAISE EXCEPTION 'the postings of entry % do not balance', bad USING ERRCODE = 'KP422';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER posting_check AFTER INSERT ON posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION posting_check();

-- History is append-only for everyone, the owner included.
CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a correction is a new row', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON balance
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refund
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON share
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON reward
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON purchase
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
