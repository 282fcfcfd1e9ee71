"""Words for tests of the books: fill a line, grant from it, move between accounts, look at everything."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TypeVar

from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from ledger import accounts
from ledger.balances import natural, trial_totals
from ledger.post import Leg, Posted, credit, debit, post
from ledger.verify import verify

T = TypeVar("T")
DAY = date(2026, 11, 2)
LINE = accounts.fund_line("main", "views")
BANK = accounts.bank("manual", "RUB")
MAX = 2**63 - 1


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


def micros(amount: int, currency: str = "RUB") -> Money:
    return Money(amount, currency)


def book(engine: Engine, key: str, legs: Sequence[Leg], day: date = DAY, kind: str = "move") -> Posted:
    """One entry in a transaction of its own."""
    with transaction(engine) as session:
        return post(session, key=key, kind=kind, effective_on=day, legs=legs)


def move(engine: Engine, key: str, source: str, target: str, amount: str, day: date = DAY) -> Posted:
    return book(engine, key, [debit(source, rub(amount)), credit(target, rub(amount))], day)


def fill(engine: Engine, amount: str, line: str = LINE) -> None:
    move(engine, f"fill:{line}:{amount}", BANK, line, amount)


def grant(engine: Engine, key: str, amount: str, creator: str = "c1", line: str = LINE) -> Posted:
    return move(engine, key, line, accounts.creator(creator, "available"), amount)


def attempt(act: Callable[[], object]) -> str:
    """`done`, or the refusal's code; anything else that goes wrong is a fault and comes through."""
    try:
        act()
    except KopeckError as error:
        return error.code
    return "done"


def balance(engine: Engine, code: str, currency: str = "RUB") -> str:
    with transaction(engine) as session:
        return natural(session, [code], currency)[code].amount


def account_id(engine: Engine, code: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT id FROM account WHERE code = :code"), {"code": code}) or 0)


def clean(engine: Engine) -> bool:
    """Every check passes, every currency adds up to zero."""
    with transaction(engine) as session:
        return verify(session) == [] and all(total == 0 for total, _ in trial_totals(session).values())


def counts(engine: Engine) -> dict[str, int]:
    """Rows by table, of all tables."""
    tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    with engine.connect() as connection:
        names = connection.scalars(text(tables)).all()
        return {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0 for name in names}


def deadlocks(owner: Engine) -> int:
    """Deadlocks that this database ever had; sessions report when they end or idle, so ask after the writers went."""
    with owner.connect() as connection:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.scalar(text(query)) or 0)


def at_once(number: int, act: Callable[[int], T]) -> list[T]:
    """`act(0) … act(number - 1)`, each in a thread, begun together."""
    barrier = threading.Barrier(number)

    def begin(i: int) -> T:
        barrier.wait()
        return act(i)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


def eventually(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def waiting(owner: Engine, number: int = 1) -> bool:
    """Do so many sessions of this database wait for a lock?"""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with owner.connect() as connection:
        return (connection.scalar(text(query)) or 0) >= number
