"""The daily accrual: a day of very many contents priced by a formula of 20 nodes, rewards and ledger entries written."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from bench.ground import app_engine, fresh_database, say, settings_of
from bench.rewards_data import market, program
from bench.row import Row, Watch, rate
from core.database import transaction
from core.settings import Settings
from rewards.accrue import accrue
from rewards.price import price

NOW = datetime.fromisoformat("2026-08-02T12:00:00+03:00")
_PROVED = """
    SELECT count(*), sum(t.target) = sum(t.posted), sum(t.target) = (SELECT sum(amount) FROM reward), sum(t.target) > 0
    FROM reward_target t"""
_MOST_PARTS = 8


def measure(quick: bool) -> list[Row]:
    """200,000 content-days."""
    return _measure(5_000 if quick else 200_000)


def measure_full(quick: bool) -> list[Row]:
    """A million content-days."""
    return _measure(5_000 if quick else 1_000_000)


def _measure(contents: int) -> list[Row]:
    watch = Watch()
    with fresh_database() as url:
        say(f"a market of {contents:,} contents")
        owner = market(url, contents, 1)
        program(url, NOW)
        engine, settings = app_engine(url), settings_of(url)
        say("accruing")
        with _by_statement(engine) as spent:
            _until_done(engine, settings, watch, "price", price)
            _until_done(engine, settings, watch, "accrue", accrue)
        say("again, with nothing new")
        for name, step in (("price again", price), ("accrue again", accrue)):
            _until_done(engine, settings, watch, name, step)
        _prove(owner, contents)
    first, again = watch.total("price", "accrue"), watch.total("price again", "accrue again")
    parts = [(name, f"{watch.total(name):,.2f} s") for name in ("price", "accrue")]
    parts += [(f"- {name}", f"{seconds:,.2f} s") for name, seconds in spent.most_common(_MOST_PARTS)]
    return [
        Row(f"accrual: {contents:,} content-days", rate(contents, first), wanted=">= 60,000/s", parts=parts),
        Row("accrual: a second run with nothing new", f"{again:,.3f} s", f"{first:,.1f} s", wanted=f"{again / first:.2%}, < 1 %"),
    ]  # fmt: skip


def _until_done(
    engine: Engine,
    settings: Settings,
    watch: Watch,
    name: str,
    step: Callable[[Session, datetime, Settings], int],
) -> None:
    done = 1
    while done:
        with watch.lap(name), transaction(engine) as session:
            done = step(session, NOW, settings)


@contextmanager
def _by_statement(engine: Engine) -> Iterator[Counter[str]]:
    """Seconds that each statement took, by its first line."""
    spent: Counter[str] = Counter()

    def before(connection: Any, *_: Any) -> None:
        connection.info["started"] = time.perf_counter()

    def after(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        first = statement.strip().splitlines()[0].removeprefix("-- ")
        spent[first[:70]] += time.perf_counter() - connection.info["started"]

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    yield spent
    event.remove(engine, "before_cursor_execute", before)
    event.remove(engine, "after_cursor_execute", after)


def _prove(owner: Engine, contents: int) -> None:
    """A speed counts only if the work was done.

    Raises:
        RuntimeError: something is not posted.
    """
    with owner.connect() as connection:
        found: Any = connection.execute(text(_PROVED)).one()
    if tuple(found) != (contents, True, True, True):
        raise RuntimeError(f"not all of it was posted: {found}")
