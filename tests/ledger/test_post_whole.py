"""An entry is whole or it is nothing: whatever ends it early, no row of it stays in any table."""

import pytest
from ledger_books import BANK, DAY, LINE, balance, book, clean, counts, fill, grant, move, rub
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.database import savepoint, transaction
from core.errors import KopeckError, Refused
from ledger import accounts
from ledger.post import credit, debit, post

AVAILABLE = accounts.creator("c1", "available")


def fails(engine: Engine, code: str) -> None:
    """One entry that comes to its end in this way, in accounts that nobody has opened before."""
    new = [accounts.creator(f"new{i}", "pending") for i in range(5)]
    legs = {
        "insufficient_funds": [debit(LINE, rub("100.00")), credit(new[0], rub("100.00"))],
        "unknown_account": [
            debit(BANK, rub("1.00")),
            credit(new[0], rub("0.50")),
            credit("nonsense", rub("0.50")),
        ],
        "key_reused": [debit(BANK, rub("2.00")), *(credit(code, rub("0.40")) for code in new)],
        "amount_too_large": [debit(BANK, rub("999999999999.00")), credit(new[0], rub("999999999999.00"))],
    }[code]
    key = f"fill:{LINE}:60.00" if code == "key_reused" else "new"
    book(engine, key, legs)


@pytest.mark.parametrize("code", ["insufficient_funds", "unknown_account", "key_reused", "amount_too_large"])
def test_l9_a_refused_entry_leaves_no_row_anywhere(engine: Engine, code: str) -> None:
    fill(engine, "60.00")
    for i in range(9):
        move(engine, f"huge{i}", BANK, accounts.OPENING, "999999999999.00")
    before = counts(engine)
    with pytest.raises(KopeckError) as caught:
        fails(engine, code)
    assert caught.value.code == code
    assert counts(engine) == before


@pytest.mark.parametrize("table", ["account", "entry", "posting", "balance"])
def test_l9_a_fault_in_the_last_statement_leaves_no_row_anywhere(
    engine: Engine, owner: Engine, table: str
) -> None:
    """The database itself fails where this table's rows are written, at the very end of the transaction."""
    fill(engine, "60.00")
    with owner.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a fault'; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE CONSTRAINT TRIGGER fail AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION fail()"
            )
        )
    before = counts(engine)
    with pytest.raises(DBAPIError, match="a fault"):
        grant(engine, "g1", "1.00")
    assert counts(engine) == before
    assert balance(engine, LINE) == "60.00"
    assert clean(engine)


def test_l9_a_savepoint_taken_back_leaves_the_rest(engine: Engine) -> None:
    fill(engine, "60.00")
    with transaction(engine) as session:
        for i in range(10):
            legs = [debit(LINE, rub("10.00")), credit(AVAILABLE, rub("10.00"))]
            try:
                with savepoint(session):
                    post(session, key=f"g{i}", kind="grant", effective_on=DAY, legs=legs)
            except Refused as refusal:
                assert refusal.code == "insufficient_funds" and i >= 6
    assert (balance(engine, LINE), counts(engine)["entry"]) == ("0.00", 7)
    assert clean(engine)
