"""The engine's connections, the transaction, and what the database's refusals mean."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg2 import errorcodes
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from core.database import make_engine, savepoint, transaction
from core.errors import Conflict, Invalid, KopeckError, NotFound, Refused, Unavailable

ZONE = "Europe/Moscow"


def raises(state: str, message: str = "told") -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '{state}'; END $$"


@pytest.mark.parametrize(
    ("state", "kind", "code"),
    [
        ("KP402", Refused, "insufficient_funds"),
        ("KP404", Refused, "unknown_account"),
        ("KP409", Conflict, "key_reused"),
        ("KP422", Invalid, "unbalanced_entry"),
        ("22003", Invalid, "amount_too_large"),
        ("23514", Refused, "not_allowed"),
        ("23505", Conflict, "already_exists"),
        ("40001", Unavailable, "database_unavailable"),
        ("40P01", Unavailable, "database_unavailable"),
        ("55P03", Unavailable, "database_unavailable"),
        ("57014", Unavailable, "database_unavailable"),
        ("57P01", Unavailable, "database_unavailable"),
        ("53300", Unavailable, "database_unavailable"),
        ("08006", Unavailable, "database_unavailable"),
    ],
)
def test_codes_that_mean_a_refusal(db_engine: Engine, state: str, kind: type[KopeckError], code: str) -> None:
    with pytest.raises(kind) as refusal, transaction(db_engine) as session:
        session.execute(text(raises(state)))
    assert refusal.value.code == code
    assert ("told" in refusal.value.detail) == state.startswith("KP"), "only our own words are passed on"


@pytest.mark.parametrize(
    "statement", ["SELECT 1/0", "SELECT nothing", "SELEC", raises("23503"), raises("P0001")]
)
def test_a_fault_of_ours_stays_one(db_engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError), transaction(db_engine) as session:
        session.execute(text(statement))


def test_a_transaction_is_whole_or_nothing(engine: Engine) -> None:
    put = text("INSERT INTO fact VALUES (:name, 'x')")
    with transaction(engine) as session:
        session.execute(put, {"name": "kept"})
    for error in (NotFound("not_found"), KeyboardInterrupt(), Conflict("x")):
        with pytest.raises(type(error)), transaction(engine) as session:
            session.execute(put, {"name": "gone"})
            raise error
    with pytest.raises(Conflict), transaction(engine) as session:
        session.execute(put, {"name": "gone"})
        session.execute(put, {"name": "kept"})
    with transaction(engine) as session:
        session.execute(put, {"name": "outer"})
        with pytest.raises(Conflict), savepoint(session):
            session.execute(put, {"name": "inner"})
            session.execute(put, {"name": "kept"})
        session.execute(put, {"name": "after"})
    with transaction(engine) as session:
        names = set(session.scalars(text("SELECT name FROM fact")))
    assert names >= {"kept", "outer", "after"}
    assert not names & {"gone", "inner"}


def test_a_commit_that_is_refused_is_told(engine: Engine, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE later (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        connection.execute(text("GRANT INSERT ON later TO kopeck_app"))
    with pytest.raises(Conflict), transaction(engine) as session:
        session.execute(text("INSERT INTO later VALUES (1), (1)"))


def test_connections_are_set_up_from_the_first_moment(db_engine: Engine) -> None:
    names = (
        "role", "timezone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
        "client_encoding", "jit", "transaction_isolation", "application_name",
    )  # fmt: skip
    with db_engine.connect() as connection:
        shown = [connection.scalar(text(f"SELECT current_setting('{name}')")) for name in names]
    assert shown == ["kopeck_app", ZONE, "30s", "10s", "1min", "UTF8", "off", "read committed", "kopeck"]


def test_a_statement_that_takes_too_long_is_unavailable(database_url: str) -> None:
    engine = make_engine(database_url, ZONE, statement_seconds=1)
    with pytest.raises(Unavailable), transaction(engine) as session:
        session.execute(text("SELECT pg_sleep(20)"))
    engine.dispose()
    endless = make_engine(database_url, ZONE, statement_seconds=0)
    with endless.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
    endless.dispose()


def test_a_lock_that_is_not_given_is_unavailable(engine: Engine) -> None:
    with transaction(engine) as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(1)"))
        with pytest.raises(Unavailable) as refusal, transaction(engine) as waiter:
            waiter.execute(text("SET LOCAL lock_timeout = '100ms'"))
            waiter.execute(text("SELECT pg_advisory_xact_lock(1)"))
    assert refusal.value.retry_after > 0


def test_an_exhausted_pool_is_unavailable(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(database_url, ZONE, pool_size=1)
    monkeypatch.setattr(engine.pool, "_timeout", 0.1)
    with transaction(engine) as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable), transaction(engine) as another:
            another.execute(text("SELECT 1"))
    with transaction(engine) as session:
        assert session.scalar(text("SELECT 1")) == 1, "the pool is whole again"
    engine.dispose()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    engine = make_engine("postgresql+psycopg2://u:p@127.0.0.1:1/nothing", ZONE)
    with pytest.raises(Unavailable) as refusal, transaction(engine) as session:
        session.execute(text("SELECT 1"))
    assert ":p@" not in refusal.value.detail
    engine.dispose()


def test_a_killed_connection_is_replaced(engine: Engine, owner: Engine) -> None:
    with transaction(engine) as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
    with owner.begin() as connection:
        assert connection.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    with transaction(engine) as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != backend
    with pytest.raises(Unavailable), transaction(engine) as session, owner.begin() as connection:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        session.execute(text("SELECT 1"))


@pytest.fixture
def as_application(database_url: str) -> Iterator[Engine]:
    """Logged in as the application's role, with its password of the embedded cluster."""
    url = make_url(database_url)
    passwords = Path(str(url.query.get("host", ""))).parent / "secrets" / "postgres.json"
    if not passwords.is_file():
        pytest.skip("not the embedded cluster")
    login = url.set(username="kopeck_app", password=json.loads(passwords.read_text())["kopeck_app"])
    engine = make_engine(login.render_as_string(hide_password=False), ZONE)
    yield engine
    engine.dispose()


BREAK_OUTS = [
    "SET ROLE {owner}",
    "SET LOCAL ROLE {owner}",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION {owner}",
    "SELECT set_config('role', '{owner}', false)",
    "ALTER ROLE kopeck_app SUPERUSER",
    "GRANT {owner} TO kopeck_app",
    "ALTER TABLE entry OWNER TO kopeck_app",
    "ALTER TABLE entry DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (n int)",
    "CREATE SCHEMA mine",
    "CREATE OR REPLACE FUNCTION touch_partition(p_day date) RETURNS void LANGUAGE sql AS ''",
    "COPY fact TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "UPDATE alembic_version SET version_num = '0000'",
    "UPDATE fact SET value = 'UTC'",
    "DELETE FROM fact",
    "TRUNCATE fact",
    "UPDATE entry SET kind = 'x'",
    "DELETE FROM posting",
    "TRUNCATE posting",
    "INSERT INTO balance (account_id, normal) VALUES (1, 1)",
    "UPDATE touch SET viewer = viewer",
    "UPDATE api_key SET role = 'finance'",
    "UPDATE purchase SET amount = 1",
]


def refuses(engine: Engine, *statements: str) -> None:
    with engine.connect() as connection, pytest.raises(ProgrammingError) as refusal:
        for statement in statements:
            connection.execute(text(statement))
    assert refusal.value.orig.pgcode == errorcodes.INSUFFICIENT_PRIVILEGE, statements


def test_the_application_cannot_become_the_owner(as_application: Engine, owner: Engine) -> None:
    with owner.connect() as connection:
        name = connection.scalar(text("SELECT current_user"))
    for statement in BREAK_OUTS:
        given = statement.format(owner=name)
        refuses(as_application, given)
        refuses(as_application, "RESET ROLE", given)
    with as_application.connect() as connection:
        connection.execute(text("RESET ROLE"))
        assert not connection.scalar(
            text(
                "SELECT rolsuper OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
        )


def test_a_table_of_the_same_name_fools_no_function(engine: Engine) -> None:
    """Functions that run as the owner look into `public` first, whatever temporary tables the caller makes."""
    with transaction(engine) as session:
        session.execute(text("CREATE TEMP TABLE fact (name text, value text)"))
        session.execute(text("INSERT INTO pg_temp.fact VALUES ('time_zone', 'Pacific/Apia')"))
        session.execute(
            text("CREATE TEMP TABLE account_kind (pattern text, prefix text, normal int2, floor int8)")
        )
        session.execute(text("INSERT INTO pg_temp.account_kind VALUES ('', '', 1, NULL)"))
        session.execute(text("SELECT touch_partition('2031-05-05')"))
        bound = session.scalar(
            text(
                "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = 'public.touch_20310505'::regclass"
            )
        )
        assert "2031-05-05 00:00:00+03" in bound
        with pytest.raises(Refused) as refusal, savepoint(session):
            session.execute(text("SELECT * FROM ledger_open(ARRAY['made:up'], 'RUB')"))
    assert refusal.value.code == "unknown_account"
