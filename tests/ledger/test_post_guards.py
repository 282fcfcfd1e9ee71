"""History cannot be rewritten: not by the application, not by its owner, and whoever tries is named."""

import pytest
from ledger_books import DAY, counts, fill
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.database import transaction
from ledger import tables
from ledger.verify import verify

BOOKS = ("account_kind", "account", "entry", "posting", "balance", "epoch")
PROOFS = ("watermark", "period_close", "seal", "seal_key", "verify_run")
MOVING = ("finding", "adjustment")


def refused(engine: Engine, statement: str, why: str) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError, match=why):
        connection.execute(text(statement))


def second_column(engine: Engine, table: str) -> str:
    with engine.connect() as connection:
        query = "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:t AS regclass) AND attnum = 2"
        return str(connection.scalar(text(query), {"t": table}))


def test_l8_the_application_changes_and_removes_nothing(engine: Engine) -> None:
    """Only findings and adjustments move on, in the columns of their state (see below)."""
    for table in (*BOOKS, *PROOFS, *MOVING):
        refused(engine, f'UPDATE "{table}" SET "{second_column(engine, table)}" = NULL', "permission denied")
        refused(engine, f'DELETE FROM "{table}"', "permission denied")
        refused(engine, f'TRUNCATE "{table}"', "permission denied")
        refused(engine, f'ALTER TABLE "{table}" DISABLE TRIGGER ALL', "must be owner")
        if table in BOOKS:
            refused(engine, f'INSERT INTO "{table}" DEFAULT VALUES', "permission denied")


def test_l8_the_application_may_change_no_column_but_the_state(engine: Engine) -> None:
    states = {
        "finding": {"acknowledged_at", "acknowledged_by", "reason"},
        "adjustment": {"decided_at", "decided_by", "decision", "entry_id", "state"},
    }
    query = (
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:t AS regclass) AND attnum > 0"
        " AND has_column_privilege('kopeck_app', attrelid, attnum, 'UPDATE')"
    )
    for table in (*BOOKS, *PROOFS, *MOVING):
        with engine.connect() as connection:
            assert set(connection.scalars(text(query), {"t": table})) == states.get(table, set())


def test_l8_nor_what_the_books_rest_on(engine: Engine) -> None:
    for statement in ("DELETE FROM reward", "UPDATE share SET amount = 0", "UPDATE purchase SET amount = 0"):
        refused(engine, statement, "permission denied")


def test_l8_the_owner_meets_the_triggers(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    for table in ("entry", "posting", "epoch", *PROOFS):
        column = second_column(owner, table)
        refused(owner, f'UPDATE "{table}" SET "{column}" = "{column}"', f"{table} is append-only")
    for table in ("account", "entry", "posting", "balance", "epoch", *PROOFS, *MOVING):
        refused(owner, f'DELETE FROM "{table}"', f"{table} is append-only")
        refused(owner, f'TRUNCATE "{table}" CASCADE', "is append-only")


def test_l8_every_table_of_the_ledger_is_asked_above(owner: Engine) -> None:
    """A new table must say here what may be done to it."""
    named = {
        each.name for each in vars(tables).values() if hasattr(each, "primary_key") and hasattr(each, "name")
    }
    assert named == {*BOOKS, *PROOFS, *MOVING}


@pytest.mark.parametrize(
    "rows",
    [
        "(1, 2, 1, 100, 0, :day, :day), (2, 2, 1, -99, 0, :day, :day)",  # unbalanced
        "(1, 2, 1, 100, 0, :day, :day), (2, 2, 1, -100, 0, :day, :day), (3, 1, 1, 1, 1, :day, :day), (4, 1, 1, -1, 1, :day, :day)",
        "(1, 2, 1, 100, 0, :day, :day), (1, 3, 1, -100, 0, :day, :day)",  # one account twice
        "(1, 2, 99, 100, 0, :day, :day), (2, 2, 99, -100, 0, :day, :day)",  # no such entry
        "(1, 2, 1, 100, 0, :day, :day), (99, 2, 1, -100, 0, :day, :day)",  # no such account
        "(1, 2, 1, 100, 0, '2026-11-03', :day), (2, 2, 1, -100, 0, '2026-11-03', :day)",  # another day
    ],
)
def test_l8_what_is_inserted_behind_the_door_must_balance(engine: Engine, owner: Engine, rows: str) -> None:
    fill(engine, "60.00")
    before = counts(engine)
    with owner.connect() as connection, pytest.raises(DBAPIError, match="do not balance"):
        connection.execute(text(f"INSERT INTO posting VALUES {rows}"), {"day": DAY})
    assert counts(engine) == before


def test_l8_a_floor_holds_for_the_owner(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    refused(owner, "UPDATE balance SET balance = 1 WHERE floor = 0", "balance_floor_check")


def test_l20_verify_names_a_row_that_a_superuser_changed(engine: Engine, owner: Engine) -> None:
    fill(engine, "60.00")
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE posting DISABLE TRIGGER append_only"))
        connection.execute(text("UPDATE posting SET amount = amount + 1 WHERE account_id = 1"))
    with transaction(engine) as session:
        found = {finding.check for finding in verify(session)}
    assert {"entry_unbalanced", "balance_wrong", "running_balance_wrong"} <= found
