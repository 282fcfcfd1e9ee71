"""Races of pricing, accrual and release, each once lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from reward_world import START, World
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction
from rewards.accrue import accrue
from rewards.activate import activate_version
from rewards.price import price
from rewards.programs import NewProgram, create_program
from rewards.release import release
from rewards.versions import draft_version

SALE = [{"name": "commission", "grain": "sale", "amount": "amount * 5%"}]
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.creators("a", "b", "c")
    for content, creator in {"a1": "a", "b1": "b", "c1": "c"}.items():
        made.content(content, creator)
    return made


def test_a_sale_that_comes_while_a_program_starts_is_priced(world: World) -> None:
    """The start queues what is there; a sale and its pricing right behind that must not fall between the two."""
    world.fund()
    world.sale("o1", "a1", date(2026, 11, 5), "100.00")
    with transaction(world.engine) as session:
        new = NewProgram(id="prog", name="p", currency="RUB", fund="main", line="l", hold_days=0, open="all")
        create_program(session, new)
        draft_version(session, "prog", START, SALE, "op")
    with ThreadPoolExecutor(1) as pool:
        with transaction(world.engine) as session:
            activate_version(session, "prog", 1, "op", world.now, world.settings)
            world.sale("o2", "a1", date(2026, 11, 5), "100.00")
            meanwhile = pool.submit(world.run)
            _until_waiting(session)
        meanwhile.result()
    world.run()
    assert world.balance("a:available") == "10.00"


def _until_waiting(session: Session) -> None:
    """Until another connection waits for an advisory lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    for _ in range(200):
        if session.scalar(waiting):
            return
        threading.Event().wait(0.05)
    pytest.fail("nobody waited for the start of the version")


def test_accrual_and_release_of_the_same_creators_never_deadlock(world: World) -> None:
    world.fund()
    world.program(SALE, hold=3)
    for number in range(60):
        day = START + timedelta(days=number % 9)
        world.sale(f"o{number}", f"{'abc'[number % 3]}1", day, "10.00")
    steps: list[Callable[[Session], int]] = [
        lambda s: price(s, world.now, world.settings, limit=9),
        lambda s: accrue(s, world.now, world.settings, limit=7),
        lambda s: release(s, world.now, limit=5),
    ]

    def work(number: int) -> None:
        for _ in range(15):
            with transaction(world.engine) as session:
                steps[number % 3](session)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(work, range(9)))
    world.later(days=10)
    world.run()
    assert [world.balance(f"{c}:available") for c in "abc"] == ["10.00"] * 3


def test_a_moved_post_is_paid_on_its_new_day_only(world: World) -> None:
    world.fund()
    world.program([{"name": "posting", "grain": "content_day", "amount": "posts * 10"}])
    world.run()
    assert world.balance("a:available") == "10.00"
    world.sql("UPDATE content SET published_at = '2026-11-05 12:00+03' WHERE id = 'a1'")
    for day in (START, date(2026, 11, 5)):
        world.sql("INSERT INTO changed_day (day, creator, content) VALUES (:d, 'a', 'a1')", d=day)
    world.run()
    assert world.balance("a:available") == "10.00"
