"""A page of open bounties, asked for in every way, among very many."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, text

from bench.bounty_market import BOUNTIES, FEE, MARKET, NOW, PRICE, analyzed
from bench.ground import app_engine, fresh_database, raw, say
from bench.row import Row, millis, percentile
from bounties.read import open_bounties
from core.database import transaction

LOOKS = 100


def measure_of(many: int) -> list[Row]:
    """Pages of 50 among so many open bounties; the questions take turns, half of them from the middle on."""
    asked: dict[str, Callable[[int], dict[str, Any]]] = {
        "all": lambda _: {},
        "of a category": lambda n: {"category": f"category {n % 40}"},
        "of a currency and a price": lambda n: {"currency": "KZT", "least_price": PRICE * (n % 20 + 1)},
        "by deadline": lambda n: {"deadline_after": NOW + timedelta(days=n % 300)},
        "that fit a creator": lambda n: {"fits": f"c{n % 1000 + 1}"},
        "that fit, of a category": lambda n: {"fits": f"c{n % 1000 + 1}", "category": f"category {n % 40}"},
        "of a price that none has": lambda _: {"currency": "RUB", "least_price": PRICE * 100},
        "none at all": lambda _: {"currency": "JPY"},
    }
    with fresh_database() as url:
        say(f"{many:,} open bounties")
        with raw(app_engine(url, role=None)) as cursor:
            cursor.execute(MARKET, {"creators": 1000, "now": NOW})
            cursor.execute(BOUNTIES, {"many": many, "price": PRICE, "fee": FEE, "slots": 10, "now": NOW})
            analyzed(cursor)
        engine, laps, floor = app_engine(url), {name: list[float]() for name in asked}, list[float]()
        for n in range(LOOKS):
            for name, question in asked.items():
                laps[name].append(_page(engine, question(n), None if n % 2 else many // 2))
            floor.append(_nothing(engine))
    worst, least = max(percentile(each, 0.99) for each in laps.values()), percentile(floor, 0.99)
    name = f"bounties: a page of {many:,} open ones, the slowest question's p99; floor: SELECT 1"
    return [
        Row(name, millis(worst), millis(least), least / worst, "<= 50 ms", [
            (f"{name}, p50; p99", f"{millis(percentile(each, 0.5))}; {millis(percentile(each, 0.99))}")
            for name, each in laps.items()
        ])
    ]  # fmt: skip


def _nothing(engine: Engine) -> float:
    began = time.perf_counter()
    with transaction(engine) as session:
        session.execute(text("SELECT 1"))
    return time.perf_counter() - began


def _page(engine: Engine, asked: dict[str, Any], before: int | None) -> float:
    began = time.perf_counter()
    with transaction(engine) as session:
        open_bounties(session, asked, NOW, 50, before)
    return time.perf_counter() - began
