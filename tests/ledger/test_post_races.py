"""Many at the one door at once: nothing is overspent, doubled or torn, and nobody waits in a ring."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from ledger_books import (
    BANK,
    DAY,
    LINE,
    at_once,
    attempt,
    balance,
    book,
    clean,
    counts,
    deadlocks,
    eventually,
    fill,
    grant,
    move,
    rub,
)
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from ledger import accounts
from ledger.balances import natural, trial_totals
from ledger.post import credit, debit
from ledger.statement import statement

OTHER = accounts.fund_line("main", "sales")
SECONDS = 4


def test_l2_a_hundred_grants_from_a_line_of_sixty(engine: Engine) -> None:
    fill(engine, "60.00")
    with ThreadPoolExecutor(40) as pool:
        results = list(pool.map(lambda i: attempt(lambda: grant(engine, f"g{i}", "1.00")), range(100)))
    assert (results.count("done"), results.count("insufficient_funds")) == (60, 40)
    assert balance(engine, LINE) == "0.00"
    assert counts(engine)["entry"] == 61
    assert clean(engine)


def test_l2_eight_spend_more_than_there_is(engine: Engine, owner: Engine) -> None:
    """60 % of what is asked for is there, in amounts that fit in any order: it ends at exactly nothing."""
    fill(engine, "240.00")
    results = at_once(
        8,
        lambda who: [attempt(lambda i=i: grant(engine, f"g{who}:{i}", "1.00", f"c{who}")) for i in range(50)],
    )
    said = [each for all_of_one in results for each in all_of_one]
    assert (said.count("done"), said.count("insufficient_funds")) == (240, 160)
    assert balance(engine, LINE) == "0.00"
    with owner.connect() as connection:
        versions = connection.scalars(
            text("SELECT version FROM posting JOIN account ON id = account_id WHERE code = :code ORDER BY 1"),
            {"code": LINE},
        ).all()
    assert versions == list(range(1, 242))
    assert clean(engine)
    engine.dispose()
    assert deadlocks(owner) == 0


def test_twenty_with_one_key_post_once(engine: Engine) -> None:
    fill(engine, "60.00")
    results = at_once(20, lambda _: grant(engine, "same", "1.00"))
    assert len({result.id for result in results}) == 1
    assert sum(not result.replayed for result in results) == 1
    assert balance(engine, LINE) == "59.00"


def test_twenty_with_one_key_and_two_contents(engine: Engine) -> None:
    """One content wins, its askers hear of one entry, the others of a conflict."""
    fill(engine, "60.00")
    said = at_once(20, lambda i: attempt(lambda: grant(engine, "same", "1.00" if i % 2 else "2.00")))
    assert (said.count("done"), said.count("key_reused")) == (10, 10)
    assert balance(engine, LINE) in {"59.00", "58.00"}


def test_an_account_opened_by_twenty_at_once_is_one(engine: Engine) -> None:
    fill(engine, "60.00")
    at_once(20, lambda i: grant(engine, f"g{i}", "1.00", "newcomer"))
    assert balance(engine, accounts.creator("newcomer", "available")) == "20.00"
    assert clean(engine)


def until_time_is_over(workers: int, act: Callable[[int, int], object]) -> int:
    """How often `act(worker, turn)` was done by so many threads together; what it raises comes through."""
    over = time.monotonic() + SECONDS

    def work(worker: int) -> int:
        turn = 0
        while time.monotonic() < over:
            act(worker, turn)
            turn += 1
        return turn

    return sum(at_once(workers, work))


def test_l6_transfers_in_both_directions_never_deadlock(engine: Engine, owner: Engine) -> None:
    """Fifty there and fifty back, for seconds."""
    fill(engine, "100000.00")
    fill(engine, "100000.00", OTHER)

    def transfer(worker: int, turn: int) -> None:
        pair = (LINE, OTHER) if worker % 2 else (OTHER, LINE)
        patient(lambda: move(engine, f"t{worker}:{turn}", *pair, "1.00"))

    done = until_time_is_over(100, transfer)
    total = sum(float(balance(engine, code)) for code in (LINE, OTHER))
    assert total == 200_000 and done > 100
    assert clean(engine)
    engine.dispose()
    assert deadlocks(owner) <= done / 100


def patient(act: Callable[[], object]) -> None:
    """A hundred threads share forty connections: who gets none in time asks again; every other refusal comes through."""
    try:
        act()
    except KopeckError as error:
        if error.code != "too_busy":
            raise


@pytest.mark.parametrize("number", [3, 8, 50])
def test_l6_compound_entries_in_any_order_never_deadlock(engine: Engine, owner: Engine, number: int) -> None:
    """Entries of all accounts and of a few, each in an order of its own, also in a ledger so small that the
    statistics would rather have the whole of it read."""
    pots = [accounts.creator(f"c{i}", "pending") for i in range(number - 1)]
    everyone = [BANK, *pots]
    book(
        engine, "open", [debit(BANK, rub(f"{number - 1}.00")), *(credit(code, rub("1.00")) for code in pots)]
    )
    with owner.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))

    def act(worker: int, turn: int) -> None:
        rng = Random(worker * 1_000_003 + turn)
        some = rng.sample(everyone, number if worker % 2 else rng.randrange(2, min(number, 5) + 1))
        first, *rest = some
        legs = [debit(first, rub(f"{len(rest)}.00")), *(credit(code, rub("1.00")) for code in rest)]
        rng.shuffle(legs)
        book(engine, f"m{worker}:{turn}", legs)

    done = until_time_is_over(10, act)
    assert done > 50
    assert clean(engine)
    engine.dispose()
    assert deadlocks(owner) == 0


def test_l11_readers_never_see_half_an_entry(engine: Engine) -> None:
    """Twenty write; whoever looks sees a statement that adds up, a balance that it ends at, books that sum to zero."""
    fill(engine, "1000.00")
    stop = threading.Event()
    looks = [0] * 3

    def write(worker: int) -> int:
        turn = 0
        while not stop.is_set():
            grant(engine, f"w{worker}:{turn}", "0.10", f"c{turn % 3}")
            turn += 1
        return turn

    def look() -> None:
        with transaction(engine) as session:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            shown = statement(session, [LINE], "RUB", DAY, DAY)
            assert natural(session, [LINE], "RUB")[LINE] == shown.closing
            pots = [accounts.creator(f"c{i}", "available") for i in range(3)]
            granted = sum(money.micros for money in natural(session, pots, "RUB").values())
            assert shown.closing.micros + granted == rub("1000.00").micros
        with transaction(engine) as session:  # and each statement by itself
            shown = statement(session, [LINE], "RUB", DAY, DAY)
            moved = Money(sum(line.amount.micros for line in shown.lines), "RUB")
            assert shown.opening + moved == shown.closing
            assert trial_totals(session)["RUB"][0] == 0

    def read(reader: int) -> None:
        while not stop.is_set():
            look()
            looks[reader] += 1

    with ThreadPoolExecutor(23) as pool:
        writers = [pool.submit(write, i) for i in range(20)]
        readers = [pool.submit(read, i) for i in range(3)]
        try:
            eventually(lambda: sum(looks) >= 60 or any(each.done() for each in readers))
        finally:
            stop.set()
        for reader in readers:
            reader.result()
        assert sum(each.result() for each in writers) > 50
    assert clean(engine)
