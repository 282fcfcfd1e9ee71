"""Accrual, grants and transfers spend one line at once: never below zero, no deadlock, no reward lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from fund_world import figures, give, line, propose
from reward_world import START, World, rub
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Refused
from core.money import Money
from jobs.checks import CHECKS
from ledger.verify import run_checks
from rewards.accrue import accrue
from rewards.price import price
from rewards.transfers import approve_transfer, propose_transfer

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
SALE = [{"name": "commission", "grain": "sale", "amount": "amount * 10%"}]


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.creators("a", "b", "c")
    for content, creator in {"a1": "a", "b1": "b", "c1": "c"}.items():
        made.content(content, creator)
    return made


def step(world: World, limit: int = 20_000) -> int:
    with transaction(world.engine) as session:
        price(session, world.now, world.settings)
    return post(world, limit)


def post(world: World, limit: int = 20_000) -> int:
    with transaction(world.engine) as session:
        return accrue(session, world.now, world.settings, limit)


def refused(act: object) -> str:
    try:
        act()  # type: ignore[operator]
    except Refused as error:
        return error.code
    return "done"


def test_accrual_against_grants_and_transfers_of_the_same_line(world: World, owner: Engine) -> None:
    """Three want more than the line holds: each gets whole amounts, and what is owed waits."""
    world.fund(line="60.00")
    line(world, "m", "60.00")
    world.program(SALE)
    for number in range(30):
        world.sale(f"o{number}", f"{'abc'[number % 3]}1", START + timedelta(number % 5), "10.00")
    asked = [propose(world, *pair, "1.00") for pair in [("l", "m"), ("m", "l")] * 20]

    def approve(number: int) -> str:
        def act() -> None:
            with transaction(world.engine) as session:
                approve_transfer(session, "main", asked[number], "Oleg", world.now, world.settings)

        return refused(act)

    acts = [lambda n: str(step(world, 3) >= 0), lambda n: refused(lambda: give(world, "a", "1.00")), approve]
    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(lambda n: acts[n % 3](n // 3), range(120)))
    assert set(said) <= {"True", "done", "not_enough_money"}
    world.run()
    held, owed = figures(world), 30 * 1_000_000
    paid = world.sql("SELECT coalesce(sum(amount), 0) FROM reward").scalar()
    assert rub(held["balance"]).micros >= 0
    assert paid + rub(held["waiting"]).micros == owed
    assert held["balance"] == "0.00" or held["waiting"] == "0.00"
    with owner.connect() as connection:
        found = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert connection.scalar(found) == 0


def test_two_hundred_rounds_on_a_line_with_less_than_it_owes(world: World) -> None:
    """Rewards, grants and top-ups at random: the waiting ones are paid first and in order, none twice, none lost."""
    chance = Random(200)
    world.fund(line="1.00")
    line(world, "rich", "9000.00")
    world.program(SALE)
    owed, waited = 0, 0
    with ThreadPoolExecutor(2) as pool:
        for number in range(200):
            if number % 4 == 0:
                amount = chance.randrange(1, 90)
                world.sale(f"o{number:03}", "a1", START + timedelta(chance.randrange(9)), f"{amount}.00")
                owed += amount * 100_000
            seen = world.sql("SELECT coalesce(max(id), 0) FROM reward").scalar()
            work = pool.submit(step if number % 4 == 0 else post, world)
            if number % 3 == 0:
                pool.submit(refused, lambda: give(world, "b", f"0.0{chance.randrange(1, 9)}")).result()
            else:
                top_up(world, f"0.{chance.randrange(10, 99)}")
            work.result()
            post(world)
            waited += paid_in_order(world, seen)
    assert waited > 100, "the line was hardly ever short"
    top_up(world, "5000.00")
    world.run()
    assert world.balance("a:available") == Money(owed, "RUB").amount
    assert world.sql("SELECT count(*) FROM reward_target WHERE due <> posted").scalar() == 0
    with transaction(world.engine) as session:
        assert run_checks(session, CHECKS) == []


def top_up(world: World, amount: str) -> None:
    with transaction(world.engine) as session:
        made = propose_transfer(session, "main", "rich", "l", rub(amount), "more", "Olga", world.now)
        approve_transfer(session, "main", made.id, "Oleg", world.now, world.settings)


def paid_in_order(world: World, seen: int) -> bool:
    """Nothing that waits is older than what was paid since; where something waits, the line is empty."""
    found = world.sql(
        "SELECT (SELECT max(t.day || ' ' || t.key) FROM reward w JOIN reward_target t ON t.id = w.target_id"
        " WHERE w.id > :seen) AS paid,"
        " (SELECT min(day || ' ' || key) FROM reward_target WHERE due > posted) AS waiting",
        seen=seen,
    ).one()
    assert found.paid is None or found.waiting is None or found.paid <= found.waiting
    held = rub(world.balance("line")).micros
    assert held == 0 or (held > 0 and found.waiting is None)
    return found.waiting is not None
