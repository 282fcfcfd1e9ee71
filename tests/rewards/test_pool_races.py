"""A period is split once: whoever comes at the same time, and whoever dies in the middle."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pool_world import PoolWorld, pool
from sqlalchemy import Connection, Engine, create_engine, text

from core.database import transaction
from rewards.accrue import accrue
from rewards.price import price

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = date(2026, 11, 3)
CHILD = """
import sys
from datetime import datetime
from core.database import make_engine, transaction
from core.settings import load_settings
from rewards.pool import split_pools
engine = make_engine(sys.argv[1], "Europe/Moscow")
with transaction(engine) as session:
    split_pools(session, datetime.fromisoformat(sys.argv[2]), load_settings({"KOPECK_HOME": "/nonexistent"}))
"""
BLOCKED = text(
    "SELECT count(*) FROM pg_locks WHERE relation = CAST('pool_split' AS regclass) AND NOT granted"
)


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    made = PoolWorld(engine, datetime(2026, 11, 10, 9, tzinfo=UTC))
    made.creators("a", "b")
    for creator in "ab":
        made.content(f"{creator}1", creator)
    made.fund()
    made.program([pool("10.00")], since=DAY)
    made.tally("a1", DAY, views=2)
    made.tally("b1", DAY, views=1)
    made.final(DAY)
    made.in_()
    return made


@contextmanager
def blocked(database_url: str) -> Iterator[Connection]:
    """Whoever has written all the shares waits before it notes that the period is split."""
    owner = create_engine(database_url)
    with owner.connect() as keeper, keeper.begin():
        keeper.execute(text("LOCK TABLE pool_split IN SHARE MODE"))
        yield keeper
    owner.dispose()


def until_blocked(keeper: Connection) -> None:
    deadline = time.monotonic() + 30
    while not keeper.scalar(BLOCKED):
        assert time.monotonic() < deadline, "nobody came to the end of a split"
        time.sleep(0.02)


def proved(world: PoolWorld) -> None:
    assert world.owed() == {"2026-11-03/a": 6_666_667, "2026-11-03/b": 3_333_333}
    assert [tuple(row) for row in world.sql("SELECT keys, weight, paid FROM pool_split")] == [
        (2, 3, 10_000_000)
    ]
    world.run()
    assert (world.balance("a:available"), world.balance("line")) == ("6.666667", "9990.00")


def test_two_splitters_at_once_split_a_period_once(world: PoolWorld) -> None:
    with ThreadPoolExecutor(6) as crew:
        assert sorted(crew.map(lambda _: world.split_once(), range(6))) == [0, 0, 0, 0, 0, 1]
    proved(world)


def test_splits_accruals_and_pricing_at_once_pay_once(world: PoolWorld) -> None:
    def work(number: int) -> None:
        for _ in range(4):
            with transaction(world.engine) as session:
                (accrue if number % 2 else price)(session, world.now, world.settings)
            world.split_once()

    with ThreadPoolExecutor(6) as crew:
        list(crew.map(work, range(6)))
    proved(world)


@pytest.mark.skipif(sys.platform != "linux", reason="kills")
def test_s2_a_splitter_killed_before_its_end_leaves_nothing_behind(
    world: PoolWorld, database_url: str
) -> None:
    line = [sys.executable, "-c", CHILD, database_url, world.now.isoformat()]
    with blocked(database_url) as keeper, subprocess.Popen(line, cwd=ROOT) as child:
        until_blocked(keeper)
        child.kill()
        child.wait()
    assert world.owed() == {}
    assert [world.split_once(), world.split_once()] == [1, 0]
    proved(world)


@pytest.mark.skipif(sys.platform != "linux", reason="kills")
def test_a_splitter_killed_after_its_end_leaves_one_split(world: PoolWorld, database_url: str) -> None:
    line = [sys.executable, "-c", CHILD, database_url, world.now.isoformat()]
    assert subprocess.run(line, cwd=ROOT, check=False).returncode == 0
    assert world.split_once() == 0
    proved(world)
