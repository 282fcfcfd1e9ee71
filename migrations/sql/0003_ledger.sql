-- Proofs: epochs, closings, answers as of a day or a watermark. Replaces the door and its check of 0002.

-- Transaction ids start over in another cluster (a dump restored). Each cluster that holds the books is an epoch; what
-- it adds to its ids keeps them above all that were stored before.
CREATE FUNCTION ledger_epoch_holds(p_epoch epoch, p_cluster bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- A cluster that was copied or set back in time keeps its identifier: it is told by entries whose ids it has not
    -- given out yet. (This transaction's own id may lie at the snapshot's end.)
    SELECT p_epoch.system_identifier = p_cluster AND coalesce((SELECT max(xid) FROM entry) < p_epoch.xid_offset
        + greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
            pg_current_xact_id_if_assigned()::text::bigint + 1), true)
$$;
CREATE FUNCTION ledger_epoch() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_cluster bigint := (SELECT system_identifier FROM pg_control_system());
    v_epoch epoch%ROWTYPE;
BEGIN
    SELECT * INTO v_epoch FROM epoch ORDER BY n DESC LIMIT 1;
    IF ledger_epoch_holds(v_epoch, v_cluster) THEN
        RETURN v_epoch.xid_offset;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ledger.epoch'));
    SELECT * INTO v_epoch FROM epoch ORDER BY n DESC LIMIT 1;
    IF NOT ledger_epoch_holds(v_epoch, v_cluster) THEN
        INSERT INTO epoch (system_identifier, xid_offset)
            SELECT v_cluster, 1 + greatest(v_epoch.xid_offset, (SELECT max(xid) FROM entry),
                (SELECT max(xid_offset + pg_snapshot_xmax(snapshot::pg_snapshot)::text::bigint) FROM watermark),
                (SELECT max(above_xid) FROM seal))
            RETURNING * INTO v_epoch;
    END IF;
    RETURN v_epoch.xid_offset;
END $$;

-- Accounts by code, opened where they do not exist yet. Answers (code, account_id) for every code asked.
-- Each code is looked up by the index: the planner believes that few accounts are in a currency, and would rather
-- compare each code with all of them. One plan for all calls: with the settings below there is only one, and made anew
-- it would weigh every single code of the array, and plan the balance's foreign key again for every row.
CREATE OR REPLACE FUNCTION ledger_open(p_codes text[], p_currency text) RETURNS TABLE (code text, account_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
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
        -- A pattern is costly by its letters: the prefix is compared as it is, and only what follows by the pattern.
        SELECT array_agg(m.code ORDER BY m.n), array_agg(k.normal ORDER BY m.n), array_agg(k.floor ORDER BY m.n),
                min(m.code) FILTER (WHERE k.normal IS NULL
                    OR (starts_with(m.code, 'assets:') AND right(m.code, 3) <> p_currency))
            INTO missing, normals, floors, unknown
            FROM unnest(missing) WITH ORDINALITY AS m (code, n)
            LEFT JOIN LATERAL (
                SELECT k.normal, k.floor FROM account_kind k
                WHERE starts_with(m.code, k.prefix)
                    AND substr(m.code, length(k.prefix) + 1) ~ ('^' || substr(k.pattern, length(k.prefix) + 2))
                    AND length(split_part(m.code, ':', 3)) <= 64 AND length(split_part(m.code, ':', 5)) <= 64
                LIMIT 1) k ON true;
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
-- p_booked_on: the day of the books; the first open day where that one is closed.
-- p_least_accounts/p_least: accounts whose natural balance must not be below these values afterwards.
-- Raises KP402 a floor or condition would be broken, KP404 unknown account, KP409 key with other content, KP422 not balanced.
DROP FUNCTION ledger_post(text, text, text, date, date, text, bigint[], bigint[], bigint[], bigint[]);
CREATE FUNCTION ledger_post(
    p_key text, p_kind text, p_currency text, p_effective_on date, p_booked_on date, p_note text,
    p_accounts bigint[], p_amounts bigint[],
    p_least_accounts bigint[] DEFAULT '{}', p_least bigint[] DEFAULT '{}', p_corrects bigint DEFAULT NULL
) RETURNS TABLE (entry_id bigint, recorded_at timestamptz, replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
-- Whatever the statistics say: only the rows that the entry names are read, by their keys, never a whole table. That is
-- one plan for two legs and for ten thousand, so it is made once.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_material = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    v_accounts bigint[];
    v_amounts bigint[];
    v_fingerprint bytea;
    v_booked_on date;
    -- Before the entry takes its id: an id below a sealed one then belongs to a transaction that had begun by then.
    v_xid bigint := pg_current_xact_id()::text::bigint + ledger_epoch();
    v_entry entry%ROWTYPE;
    v_moved bigint;
    v_short text;
    v_broken text;
    v_row text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'entries are posted in READ COMMITTED: an older snapshot would not see what was closed'
            USING ERRCODE = '0A000';
    END IF;
    -- A closing waits for every entry under way, and every entry after it sees it.
    PERFORM pg_advisory_xact_lock_shared(hashtext('ledger.close'));
    v_booked_on := greatest(p_booked_on, (SELECT max(through) + 1 FROM period_close));

    -- The global order of locks is from the newest account down: the oldest ones, the fund lines and banks that all
    -- meet on, are locked last and for the shortest time.
    SELECT array_agg(a), array_agg(m) INTO v_accounts, v_amounts
        FROM (SELECT a, m FROM unnest(p_accounts, p_amounts) AS leg (a, m) ORDER BY a DESC) sorted;
    v_fingerprint := sha256(
        convert_to(jsonb_build_array(p_kind, p_currency, p_effective_on, p_note, p_corrects)::text, 'UTF8')
        || array_send(v_accounts) || array_send(v_amounts));

    INSERT INTO entry (key, fingerprint, kind, currency, effective_on, booked_on, note, posting_count, xid, corrects)
        VALUES (p_key, v_fingerprint, p_kind, p_currency, p_effective_on, v_booked_on, p_note, cardinality(v_accounts),
            v_xid, p_corrects)
        ON CONFLICT (key) DO NOTHING RETURNING * INTO v_entry;
    IF NOT FOUND THEN
        SELECT * INTO v_entry FROM entry WHERE key = p_key;
        IF v_entry.xid = 0 THEN -- an entry of the first release, whose fingerprints were texts
            v_fingerprint := (SELECT sha256(convert_to(concat_ws('|', p_kind, p_currency, p_effective_on, p_note,
                string_agg(a::text, ',' ORDER BY a), string_agg(m::text, ',' ORDER BY a)), 'UTF8'))
                FROM unnest(p_accounts, p_amounts) AS leg (a, m));
        END IF;
        IF v_entry.fingerprint <> v_fingerprint THEN
            RAISE EXCEPTION 'the key % already stands for another entry', p_key USING ERRCODE = 'KP409';
        END IF;
        RETURN QUERY SELECT v_entry.id, v_entry.recorded_at, true;
        RETURN;
    END IF;

    -- One plan is left: for each leg, in its order, the balance by its key, so that this statement also takes the locks
    -- in order. (`= leg.account_id` would let the planner walk over the balances instead and ask for each one's leg;
    -- `= ANY` of one can only be asked of the balance.) Floors are kept by the balance's CHECK. The two minus signs
    -- keep a balance off -2^63, which has no opposite.
    BEGIN
        WITH moved AS (
            UPDATE balance b SET balance = -(-b.balance - leg.amount), version = b.version + 1,
                    latest_on = greatest(b.latest_on, v_booked_on)
                FROM unnest(v_accounts, v_amounts) AS leg (account_id, amount)
                WHERE b.account_id = ANY (ARRAY[leg.account_id])
                RETURNING b.account_id, b.version, b.balance, b.latest_on, leg.amount)
        INSERT INTO posting (account_id, version, entry_id, amount, balance, booked_on, latest_on)
            SELECT account_id, version, v_entry.id, amount, balance, v_booked_on, latest_on FROM moved;
        GET DIAGNOSTICS v_moved = ROW_COUNT;
    EXCEPTION WHEN check_violation THEN
        GET STACKED DIAGNOSTICS v_broken = CONSTRAINT_NAME, v_row = PG_EXCEPTION_DETAIL;
        IF v_broken <> 'balance_floor_check' THEN
            RAISE;
        END IF;
        SELECT code INTO v_short FROM account WHERE id = substring(v_row FROM '\((\d+)')::bigint;
        RAISE EXCEPTION '% does not hold enough', v_short USING ERRCODE = 'KP402';
    END;
    IF v_moved <> cardinality(v_accounts) THEN
        RAISE EXCEPTION 'an entry names an account that does not exist' USING ERRCODE = 'KP404';
    END IF;

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

-- All postings of an entry come in one statement, sum to zero, name existing accounts of its currency once each, on its
-- day, which is open. Set-wise over the transition table: no per-row trigger or foreign key on the hot table. Accounts
-- are asked for by one list of keys: as many come back as there are postings only if all exist and none stands twice.
CREATE OR REPLACE FUNCTION posting_check() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off SET enable_material = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    bad bigint;
    foreign_currency boolean;
BEGIN
    SELECT n.entry_id, k.low <> e.currency OR k.high <> e.currency
        INTO bad, foreign_currency
        FROM (SELECT p.entry_id, sum(p.amount) AS total, count(*) AS rows, array_agg(p.account_id) AS accounts,
                min(p.booked_on) AS first_day, max(p.booked_on) AS last_day
            FROM added p GROUP BY p.entry_id) n
        LEFT JOIN entry e ON e.id = n.entry_id
        CROSS JOIN LATERAL (SELECT count(*) AS known, min(a.currency) AS low, max(a.currency) AS high
            FROM account a WHERE a.id = ANY (n.accounts)) k
        WHERE n.total <> 0 OR e.id IS NULL OR n.rows <> e.posting_count
            OR n.first_day <> e.booked_on OR n.last_day <> e.booked_on
            OR k.known <> n.rows OR k.low <> e.currency OR k.high <> e.currency
            OR e.booked_on <= (SELECT max(through) FROM period_close) LIMIT 1;
    IF foreign_currency THEN
        RAISE EXCEPTION 'entry % has a posting to an account of another currency', bad USING ERRCODE = 'KP422';
    ELSIF bad IS NOT NULL THEN
        RAISE EXCEPTION 'the postings of entry % do not balance', bad USING ERRCODE = 'KP422';
    END IF;
    RETURN NULL;
END $$;

-- Was this transaction's work visible when the watermark was taken? What an earlier epoch wrote was.
CREATE FUNCTION ledger_visible(p_xid bigint, p_offset bigint, p_snapshot pg_snapshot) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p_xid < p_offset OR pg_visible_in_snapshot((p_xid - p_offset)::text::xid8, p_snapshot)
$$;

-- The version of an account that a watermark saw; 0 before the first. Who posts to an account holds its balance row
-- until the end, so what a snapshot sees is always a beginning of the account's versions, and halving finds its end.
CREATE FUNCTION ledger_version_at(p_account bigint, p_watermark bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
DECLARE
    v_low bigint := 0;
    v_high bigint := (SELECT version FROM balance WHERE account_id = p_account);
    v_middle bigint;
    v_offset bigint;
    v_snapshot pg_snapshot;
BEGIN
    SELECT xid_offset, snapshot::pg_snapshot INTO STRICT v_offset, v_snapshot FROM watermark WHERE n = p_watermark;
    WHILE v_low < v_high LOOP
        v_middle := (v_low + v_high + 1) / 2;
        IF ledger_visible((SELECT e.xid FROM posting p JOIN entry e ON e.id = p.entry_id
                WHERE p.account_id = p_account AND p.version = v_middle), v_offset, v_snapshot) THEN
            v_low := v_middle;
        ELSE
            v_high := v_middle - 1;
        END IF;
    END LOOP;
    RETURN v_low;
END $$;

-- Which versions of an account may be booked by the end of a day: all up to `settled` are; from there to `last` some
-- may be (a later day was booked among them); none above. Once the day is closed, neither ever changes.
CREATE FUNCTION ledger_versions_on(p_account bigint, p_day date, OUT settled bigint, OUT last bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
DECLARE
    v_last_entry bigint := (SELECT last_entry FROM period_close WHERE through >= p_day ORDER BY through LIMIT 1);
    v_high bigint;
    v_middle bigint;
BEGIN
    SELECT version INTO last FROM balance WHERE account_id = p_account;
    IF v_last_entry IS NOT NULL THEN
        settled := 0;
        WHILE settled < last LOOP
            v_middle := (settled + last + 1) / 2;
            IF (SELECT entry_id FROM posting WHERE account_id = p_account AND version = v_middle) <= v_last_entry THEN
                settled := v_middle;
            ELSE
                last := v_middle - 1;
            END IF;
        END LOOP;
    END IF;
    settled := 0;
    v_high := last;
    WHILE settled < v_high LOOP
        v_middle := (settled + v_high + 1) / 2;
        IF (SELECT latest_on FROM posting WHERE account_id = p_account AND version = v_middle) <= p_day THEN
            settled := v_middle;
        ELSE
            v_high := v_middle - 1;
        END IF;
    END LOOP;
END $$;

-- An account's balance (debit positive) by the end of a day of the books.
CREATE FUNCTION ledger_balance_on(p_account bigint, p_day date) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT coalesce((SELECT p.balance FROM posting p WHERE p.account_id = p_account AND p.version = v.settled), 0)
        + coalesce((SELECT sum(p.amount) FROM posting p WHERE p.account_id = p_account
            AND p.version > v.settled AND p.version <= v.last AND p.booked_on <= p_day
            AND p.booked_on < p.latest_on), 0)::bigint -- true of them all: a later day was booked before
    FROM ledger_versions_on(p_account, p_day) v
$$;

-- Closings follow each other, and each knows the entries that it closes, whoever writes it.
CREATE FUNCTION closing_check() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger.close'));
    IF NEW.through <= (SELECT max(through) FROM period_close) THEN
        RAISE EXCEPTION 'everything up to % is closed already', NEW.through USING ERRCODE = '42501';
    END IF;
    NEW.last_entry := coalesce((SELECT max(id) FROM entry), 0);
    RETURN NEW;
END $$;
CREATE TRIGGER closing_check BEFORE INSERT ON period_close FOR EACH ROW EXECUTE FUNCTION closing_check();

-- New rows of the books lie at the end of the table; the index's summary of them is made here.
CREATE FUNCTION ledger_summarize() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT brin_summarize_new_values('posting_entry_id_idx')
$$;

INSERT INTO epoch (system_identifier, xid_offset) SELECT system_identifier, 0 FROM pg_control_system();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON epoch
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON watermark
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON period_close
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal_key
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON verify_run
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON finding
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();

GRANT SELECT ON ALL TABLES IN SCHEMA public TO kopeck_app;
GRANT INSERT ON watermark, period_close, seal, seal_key, verify_run TO kopeck_app;
GRANT INSERT, UPDATE (acknowledged_at, acknowledged_by, reason) ON finding TO kopeck_app;
GRANT INSERT, UPDATE (state, decided_by, decided_at, decision, entry_id) ON adjustment TO kopeck_app;
REVOKE ALL ON FUNCTION ledger_epoch(), ledger_epoch_holds(epoch, bigint), ledger_summarize() FROM PUBLIC;
REVOKE ALL ON FUNCTION
    ledger_post(text, text, text, date, date, text, bigint[], bigint[], bigint[], bigint[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_epoch(), ledger_summarize() TO kopeck_app;
GRANT EXECUTE ON FUNCTION
    ledger_post(text, text, text, date, date, text, bigint[], bigint[], bigint[], bigint[], bigint) TO kopeck_app;
