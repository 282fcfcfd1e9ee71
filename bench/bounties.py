"""Bounties when very many want the same: a crowd on one bounty, a long list, and very many claims whose time is over."""

import time
from collections.abc import Iterator
from functools import partial

from sqlalchemy import Engine, text

from bench import bounty_list, bounty_time
from bench.bounty_market import BOUNTIES, FEE, MARKET, NOW, PRICE, SLOTS
from bench.crew import Step, results, together
from bench.ground import app_engine, fresh_database, raw, say
from bench.row import Row, millis, percentile
from bounties.take import claim_slot
from core.database import transaction
from core.errors import Conflict
from core.ids import public_id

CLIENTS, CROWDS = 50, 4


def measure(quick: bool) -> list[Row]:
    """On four databases of their own, one after the other."""
    return [
        crowd(),
        *bounty_list.measure_of(5_000 if quick else 200_000),
        *(bounty_time.measure_of(name, 2_000 if quick else 100_000) for name in bounty_time.JOBS),
    ]


def crowd() -> Row:
    """50 connections claim the 100 slots of a bounty, 200 creators in all, four bounties one after the other.

    Raises:
        RuntimeError: more or fewer than the slots were given.
    """
    with fresh_database() as url:
        say(f"{CLIENTS} connections on {SLOTS} slots")
        with raw(app_engine(url, role=None)) as cursor:
            cursor.execute(MARKET, {"creators": 2 * SLOTS, "now": NOW})
            told = {"many": CROWDS + 1, "price": PRICE, "fee": FEE, "slots": SLOTS, "now": NOW}
            cursor.execute(BOUNTIES, told)
            cursor.execute(
                "UPDATE bounty SET regions = NULL, invited = NULL, categories = NULL RETURNING id, created_at"
            )
            targets = [public_id("bty", *row) for row in sorted(cursor.fetchall())]
            cursor.execute(
                "CREATE TABLE plain_slot AS SELECT 0 AS taken; GRANT ALL ON plain_slot TO kopeck_app"
            )
            cursor.connection.commit()

        def client(number: int) -> Iterator[Step]:
            engine, mine = app_engine(url), range(number + 1, 2 * SLOTS + 1, CLIENTS)
            for turn, target in enumerate(targets):  # the first warms the connections
                yield ("claim" if turn else "warm"), partial(_claim, engine, target, mine)
                yield ("plain" if turn else "warm"), partial(_plain, engine, len(mine) // 2)

        crew = together(CLIENTS, client)
    tries, floor = results(crew, "claim"), percentile(results(crew, "plain"), 0.99)
    had = [seconds for seconds, won in tries if won]
    if (len(had), len(tries)) != (SLOTS * CROWDS, 2 * SLOTS * CROWDS):
        raise RuntimeError(f"{len(had)} of {len(tries)} claims had a slot")
    p99 = percentile(had, 0.99)
    name = f"bounties: {CLIENTS} connections claim {SLOTS} slots at once, p99; floor: plain updates of a row"
    return Row(name, millis(p99), millis(floor), floor / p99, "<= 200 ms", [
        ("p50; the longest", f"{millis(percentile(had, 0.5))}; {millis(max(had))}"),
        ("had a slot; were refused", f"{len(had)}; {len(tries) - len(had)}"),
    ])  # fmt: skip


def _claim(engine: Engine, target: str, creators: range) -> list[tuple[float, bool]]:
    tries = []
    for creator in creators:
        began, won = time.perf_counter(), True
        try:
            with transaction(engine) as session:
                claim_slot(session, target, f"c{creator}", "bench", NOW)
        except Conflict:
            won = False
        tries.append((time.perf_counter() - began, won))
    return tries


def _plain(engine: Engine, times: int) -> list[float]:
    """As many on one row as get a slot, each in a transaction of one statement."""
    laps = []
    for _ in range(times):
        began = time.perf_counter()
        with transaction(engine) as session:
            session.execute(text("UPDATE plain_slot SET taken = taken + 1"))
        laps.append(time.perf_counter() - began)
    return laps
