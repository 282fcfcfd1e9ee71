"""A version that starts at midnight while sales come in and are priced."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from reward_world import World
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import KopeckError, Refused
from rewards.accrue import accrue
from rewards.activate import activate_version
from rewards.price import price
from rewards.versions import draft_version, list_versions

FIVE = {"name": "commission", "grain": "sale", "amount": "amount * 5%"}
TEN = FIVE | {"amount": "amount * 10%"}
TODAY, TOMORROW = date(2026, 11, 10), date(2026, 11, 11)
MIDNIGHT = datetime(2026, 11, 10, 20, 59, 58, tzinfo=UTC)  # two seconds to it in Moscow


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, MIDNIGHT)
    made.creators("a", "b")
    for content, creator in {"a1": "a", "b1": "b"}.items():
        made.content(content, creator)
    made.fund()
    made.program([FIVE])
    with transaction(engine) as session:
        for _ in range(2):
            draft_version(session, "prog", TOMORROW, [TEN], "op")
    return made


def start(session: Session, world: World, number: int = 2) -> None:
    activate_version(session, "prog", number, "op", world.now, world.settings)


def test_what_comes_while_a_version_starts_is_priced_by_it_once(world: World) -> None:
    world.sale("today1", "a1", TODAY, "100.00")
    with ThreadPoolExecutor(1) as pool:
        with transaction(world.engine) as session:
            start(session, world)
            world.sale("today2", "a1", TODAY, "100.00")
            world.sale("tomorrow", "b1", TOMORROW, "100.00")
            meanwhile = pool.submit(world.run)
            _until_waiting(session)
        meanwhile.result()
    world.later(days=3)
    world.run()
    assert (world.balance("a:available"), world.balance("b:available")) == ("10.00", "10.00")
    assert world.sql("SELECT count(*) FROM reward").scalar() == 3


def test_a_start_that_waited_for_a_pricing_sees_what_it_priced(world: World) -> None:
    world.sale("tomorrow", "b1", TOMORROW, "100.00")
    with ThreadPoolExecutor(1) as pool:
        with transaction(world.engine) as session:
            price(session, world.now, world.settings)
            meanwhile = pool.submit(_started, world)
            _until_waiting(session)
        assert meanwhile.result() == "version_day_has_begun"
    world.later(days=3)
    world.run()
    assert world.balance("b:available") == "5.00"


def _started(world: World, number: int = 2) -> str:
    try:
        with transaction(world.engine) as session:
            start(session, world, number)
    except KopeckError as error:
        return error.code
    return "started"


def _until_waiting(session: Session) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    for _ in range(200):
        if session.scalar(waiting):
            return
        threading.Event().wait(0.05)
    pytest.fail("nobody waited for its turn")


@pytest.mark.parametrize("in_time", [True, False])
def test_a_start_in_the_midst_of_pricing_and_accrual_loses_nothing(world: World, in_time: bool) -> None:
    """Whether the start is in time or is refused, every sale is paid once, by the version of its day."""
    stop, ready, done, found = threading.Event(), threading.Event(), threading.Event(), []

    def sell() -> None:
        for number in range(60):
            if number == (5 if in_time else 45):
                ready.set()
            if number == 30 and in_time:
                done.wait(60)
            world.sale(f"o{number}", "ab"[number % 2] + "1", TODAY if number < 30 else TOMORROW, "10.00")

    def work(step: Any) -> None:
        while not stop.is_set():
            with transaction(world.engine) as session:
                step(session, world.now, world.settings, limit=3)

    def begin() -> None:
        ready.wait(30)
        found.append(_started(world))
        done.set()

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work, step) for step in (price, accrue)]
        others = [pool.submit(sell), pool.submit(begin)]
        try:
            for each in others:
                each.result()
        finally:
            stop.set()
        for each in workers:
            each.result()
    world.later(days=3)
    world.run()
    assert found in (["started"], ["version_day_has_begun"])
    rate = 10 if found == ["started"] else 5
    paid = [world.balance(f"{each}:available") for each in "ab"]
    assert paid == [f"{15 * 0.5 + 15 * rate / 10:.2f}"] * 2
    assert world.sql("SELECT count(*), count(DISTINCT target_id) FROM reward").one() == (60, 60)
    assert found == ["started"] or not in_time


def test_of_twenty_starts_for_one_day_one_wins(world: World) -> None:
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda i: _started(world, 2 + i % 2), range(20)))
    assert found.count("started") == 1
    assert set(found) <= {"started", "version_not_draft", "version_date_taken"}
    assert found.count("version_date_taken") == 10
    with transaction(world.engine) as session:
        assert [each.state for each in list_versions(session, "prog")].count("active") == 2


def test_a_refused_start_leaves_nothing_behind(world: World) -> None:
    assert _started(world) == "started"
    before = world.sql("SELECT count(*) FROM rule").scalar()
    with transaction(world.engine) as session, pytest.raises(Refused):
        start(session, world, 3)
    assert world.sql("SELECT count(*) FROM rule").scalar() == before
