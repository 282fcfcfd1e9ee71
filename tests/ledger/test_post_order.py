"""Locks are taken from the newest account down, whatever the statistics say of the table of balances."""

from itertools import pairwise

import pytest
from ledger_books import BANK, at_once, book, clean, deadlocks, rub
from sqlalchemy import Connection, Engine, text

from ledger import accounts
from ledger.post import credit, debit

POTS = [accounts.creator(f"c{i}", "pending") for i in range(60)]
# What a balance says of the order in which it was moved: the posting's place in the table.
ORDER = text("SELECT account_id FROM posting WHERE entry_id = :entry ORDER BY ctid")


def autocommit(owner: Engine) -> Connection:
    return owner.connect().execution_options(isolation_level="AUTOCOMMIT")


def moved(engine: Engine, owner: Engine, key: str, legs: int) -> list[int]:
    """The accounts of a new entry, in the order in which they were locked."""
    some = POTS[: legs - 1]
    posted = book(
        engine, key, [debit(BANK, rub(f"{len(some)}.00")), *(credit(pot, rub("1.00")) for pot in some)]
    )
    with owner.connect() as connection:
        return list(connection.scalars(ORDER, {"entry": posted.id}))


@pytest.mark.parametrize("known", [0, 1, 4, 60, 3000])
def test_the_order_of_locks_is_the_same_for_every_statistic(
    engine: Engine, owner: Engine, known: int
) -> None:
    """The table was analyzed when it held so many balances; then it is as it is, with more, and analyzed again."""
    with autocommit(owner) as connection:
        connection.execute(text("ALTER TABLE balance SET (autovacuum_enabled = off)"))
        more = [f"liabilities:creator:old{i}:pending" for i in range(known)]
        if more:
            connection.execute(text("SELECT count(*) FROM ledger_open(:codes, 'RUB')"), {"codes": more})
        for step in ("ANALYZE balance", "SELECT 1", "VACUUM ANALYZE balance"):
            connection.execute(text(step))
            for legs in (2, 3, 5, 20, 61):
                order = moved(engine, owner, f"{step}:{legs}", legs)
                assert len(order) == legs
                assert all(one > next_one for one, next_one in pairwise(order)), (step, legs)


def test_two_opposite_compound_entries_never_deadlock(engine: Engine, owner: Engine) -> None:
    """200 rounds: one entry names its accounts in one order, the other in the opposite one, and they differ in size."""
    few = POTS[:4]
    book(engine, "open", [debit(BANK, rub("4.00")), *(credit(pot, rub("1.00")) for pot in few)])
    with autocommit(owner) as connection:
        connection.execute(text("ANALYZE"))

    def act(side: int) -> None:
        for i in range(200):
            some = few if side else few[: 1 + i % 3]
            legs = [debit(BANK, rub(f"{len(some)}.00")), *(credit(pot, rub("1.00")) for pot in some)]
            book(engine, f"r{side}:{i}", legs[:: 1 if side else -1])

    at_once(2, act)
    assert clean(engine)
    engine.dispose()
    assert deadlocks(owner) == 0
