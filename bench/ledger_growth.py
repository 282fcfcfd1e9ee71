"""Questions to growing books: the same ones at one million postings, and at several times as many.

The same creators are paid again and again, ten rounds a day of the books, a watermark after each round; half of the
days is closed. Every answer is compared with what it must be.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Engine

from bench.books import open_books, post_part, settle_down
from bench.crew import Step, together
from bench.ground import app_engine, fresh_database, raw, say
from bench.ledger_asks import ASKS, DAY_ROUNDS, FIRST_DAY, Ask, Books
from bench.row import Row, Watch, millis, percentile
from core.database import transaction
from ledger.close import close_period

CREATORS, PART = 10_000, 1_000
FILLERS = 2
FIRST_ROUNDS = 100
_WATERMARK = """
    INSERT INTO watermark (taken_at, xid_offset, snapshot, below_xid)
    SELECT now(), o, s::text, o + pg_snapshot_xmin(s)::text::bigint FROM ledger_epoch() o, pg_current_snapshot() s"""


def measure(quick: bool) -> list[Row]:
    """At five million postings beside one million."""
    return (
        _measure(Books(CREATORS // 10, PART), (2,), 100)
        if quick
        else _measure(Books(CREATORS, PART), (5,), 1_000)
    )


def measure_full(quick: bool) -> list[Row]:
    """At ten and at fifty million; filling takes half an hour."""
    return measure(quick) if quick else _measure(Books(CREATORS, PART), (10, 50), 1_000)


def _measure(none: Books, factors: Sequence[int], times: int) -> list[Row]:
    """Two clusters side by side, so that the large books and the small ones are asked in turns."""
    with fresh_database() as small_url, fresh_database() as large_url:
        small, large, rows = _grow(small_url, none, FIRST_ROUNDS), none, []
        for factor in factors:
            large = _grow(large_url, large, FIRST_ROUNDS * factor)
            engines = [(app_engine(small_url), small), (app_engine(large_url), large)]
            for name, ask in ASKS.items():
                say(f"asking for {name}")
                rows.append(_row(name, small, large, *_ask(engines, ask, times)))
            for engine, _ in engines:
                engine.dispose()
        return rows


def _grow(url: str, books: Books, rounds: int) -> Books:
    """Post until so many rounds stand, and close half of their days."""
    with raw(app_engine(url, role=None)) as cursor:
        if not books.rounds:
            open_books(cursor, books.creators, ["pending"], Watch(), PART, FIRST_DAY)
        say(f"posting until {rounds * books.creators:,}")
        _fill(url, range(books.creators // PART), range(books.rounds, rounds))
        grown = replace(books, rounds=rounds)
        settle_down(cursor)
        _close_half(url, grown)
        _prove(cursor, grown)
    return grown


def _fill(url: str, parts: range, rounds: range) -> None:
    """Two clients take turns on nothing but the line; a crash may cost what they posted, the bench would start over."""

    def client(number: int) -> Iterator[Step]:
        with raw(app_engine(url, role=None)) as cursor:
            cursor.execute("SET synchronous_commit = off")
            for turn in rounds:
                yield "post", partial(_post, cursor, parts[number::FILLERS], turn)
                yield "mark", partial(_mark, cursor, number == 0)

    together(FILLERS, client)


def _post(cursor: Any, parts: range, turn: int) -> None:
    day = FIRST_DAY + timedelta(turn // DAY_ROUNDS)
    for part in parts:
        post_part(cursor, Watch(), "post", part, f"round {turn}", day=day)


def _mark(cursor: Any, mine: bool) -> None:
    if mine:
        cursor.execute(_WATERMARK)
        cursor.connection.commit()


def _close_half(url: str, books: Books) -> None:
    day = FIRST_DAY + timedelta(books.rounds // DAY_ROUNDS // 2)
    with transaction(app_engine(url)) as session:
        close_period(session, day.isoformat(), "bench", day + timedelta(1), datetime.now(UTC))


def _prove(cursor: Any, books: Books) -> None:
    cursor.execute(
        "SELECT count(*), sum(amount) FROM posting JOIN entry e ON e.id = entry_id WHERE e.key LIKE 'round %'"
    )
    postings = books.rounds * (books.creators + books.creators // books.part)
    if cursor.fetchone() != (postings, 0):
        raise RuntimeError("the books do not hold what was posted")


def _ask(engines: Sequence[tuple[Engine, Books]], ask: Ask, times: int) -> list[list[float]]:
    """Seconds of each time, of the small books and of the large ones; a tenth as many unmeasured ones first."""
    seconds: list[list[float]] = [[] for _ in engines]
    chances = [random.Random(7) for _ in engines]
    with ExitStack() as stack:
        sessions = [stack.enter_context(transaction(engine)) for engine, _ in engines]
        for _ in range(times + times // 10):
            for (_, books), session, chance, laps in zip(engines, sessions, chances, seconds, strict=True):
                began = time.perf_counter()
                ask(session, books, chance)
                laps.append(time.perf_counter() - began)
    return [laps[times // 10 :] for laps in seconds]


def _row(name: str, small: Books, large: Books, before: list[float], after: list[float]) -> Row:
    p50, p99 = percentile(after, 0.5), percentile(after, 0.99)
    floor50, floor99 = percentile(before, 0.5), percentile(before, 0.99)
    what = f"ledger at {large.creators * large.rounds:,}: {name}, p50"
    return Row(what, millis(p50), millis(floor50), floor50 / p50, ">= 0.5 x", [
        ("p99", f"{millis(p99)}, {millis(floor99)} at {small.creators * small.rounds:,}"),
    ])  # fmt: skip
