"""S2: an accruing process is killed in the middle; who repeats it ends as if it had been done once."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from reward_market import SETTINGS, Market, OracleRule
from sqlalchemy import Engine, text

from core.database import transaction
from rewards.accrue import accrue

DAY1 = date(2026, 12, 1)
ROOT = Path(__file__).resolve().parent.parent.parent
# One process that accrues; it stops before its last statement, with everything else written and not committed.
CHILD = """
import sys, time
from datetime import datetime
from core.database import make_engine, transaction
from core.settings import load_settings
from rewards.accrue import accrue
engine = make_engine(sys.argv[1], "Europe/Moscow")
with transaction(engine) as session:
    accrue(session, datetime.fromisoformat(sys.argv[2]), load_settings({"KOPECK_HOME": "/nonexistent"}), 7)
    print("written", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def market(engine: Engine) -> Market:
    made = Market(engine, datetime(2026, 12, 4, 9, tzinfo=UTC))
    made.product("p", "s", "home")
    for each in "abc":
        made.creator(each)
        made.content(f"{each}1", each, datetime(2026, 11, 1, 9, tzinfo=UTC))
    made.fund("main", "RUB", l="100.00")
    made.program("prog", "main/l")
    made.version(
        "prog", DAY1, OracleRule(0, "sale", "sale", "amount"), OracleRule(0, "day", "content_day", "views")
    )
    for number in range(12):
        at = datetime(2026, 12, 1, number, tzinfo=SETTINGS.zone)
        made.sale(f"o{number}", "p", [f"{'abc'[number % 3]}1"], at, 5_000_000)
    made.tally("a1", DAY1, 7)
    made.price()
    return made


def test_s2_a_killed_accrual_leaves_nothing_and_its_repeat_pays_once(
    market: Market, database_url: str
) -> None:
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, database_url, market.now.isoformat()],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        before = market.money()
        child.kill()
        child.wait()
        child.stdout.close()
        _until_alone(market)
        assert (market.money(), [row.posted for row in market.open() if row.posted]) == (before, [])
    market.settle()
    assert sum(row.posted for row in market.open()) == 67_000_000
    assert market.money() == {("line", "main/l"): 33_000_000}


def _until_alone(market: Market) -> None:
    """Until PostgreSQL has seen that the killed client is gone."""
    asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")  # fmt: skip
    for _ in range(200):
        with transaction(market.engine) as session:
            if not session.scalar(asked):
                return
        time.sleep(0.05)
    pytest.fail("the killed process still holds its locks")


def test_facts_and_work_at_once_end_as_one_after_the_other(market: Market) -> None:
    """Two price, two accrue, two release while refunds and views come; the model knows only the facts."""

    def work(number: int) -> None:
        steps = (lambda: market.price(3), lambda: market_accrue(market, 3), lambda: market.release(3))
        for _ in range(6):
            steps[number % 3]()

    with ThreadPoolExecutor(6) as pool:
        done = pool.map(work, range(6))
        for number in range(6):
            market.refund(f"o{number}", 1_000_000)
            market.tally("b1", DAY1, 1)
        list(done)
    market.settle()
    assert market.money() == {("line", "main/l"): 33_000_000}


def market_accrue(market: Market, limit: int) -> int:
    """Without the model's step: others write at the same time."""
    with transaction(market.engine) as session:
        return accrue(session, market.now, SETTINGS, limit)
