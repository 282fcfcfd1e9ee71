"""Clients that spend one account which holds 60 % of what they ask for: it must end at exactly nothing."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import Engine

from bench.books import BANK, CREATOR, TODAY
from bench.crew import Step, elapsed, results, together
from bench.ground import app_engine, raw, say
from bench.row import Row, millis, percentile, rate
from core.database import transaction
from core.errors import Refused
from core.money import Money
from ledger.post import credit, debit, post

CLIENTS = 8
AMOUNT = Money(1_000_000, "RUB")
PURSE = "liabilities:fund:bench:line:purse"

_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_LEFT = "SELECT b.balance FROM balance b JOIN account a ON a.id = b.account_id WHERE a.code = %s"
_GAPS = """
    SELECT count(*) FROM balance b LEFT JOIN (
        SELECT account_id, count(*) AS rows, max(version) AS last, sum(amount) AS total FROM posting GROUP BY account_id
    ) p USING (account_id)
    WHERE (b.version, b.version, b.balance) <> (coalesce(rows, 0), coalesce(last, 0), coalesce(total, 0))"""


def race(url: str, asked: int) -> Row:
    """So many posts are asked for; six of ten can be had.

    Raises:
        RuntimeError: more or less was spent than there was, clients locked each other out, or a version is missing.
    """
    say("spending an account that does not hold enough")
    there = asked * 6 // 10
    before = _one(url, _DEADLOCKS)
    with transaction(app_engine(url)) as session:
        money = Money(AMOUNT.micros * there, AMOUNT.currency)
        legs = [debit(BANK, money), credit(PURSE, money)]
        post(session, key="purse", kind="fund.deposit", legs=legs, effective_on=TODAY)

    def client(number: int) -> Iterator[Step]:
        yield "spend", partial(_spend, app_engine(url), number, asked // CLIENTS)

    crew = together(CLIENTS, client)
    done = results(crew, "spend")
    refused = [seconds for seconds, posted in done if not posted]
    left, locked, gaps = _one(url, _LEFT, PURSE), _one(url, _DEADLOCKS) - before, _one(url, _GAPS)
    if (left, locked, gaps, len(done) - len(refused)) != (0, 0, 0, there):
        raise RuntimeError(f"left {left}, deadlocks {locked}, gaps {gaps}, {len(refused)} of {asked} refused")
    name = f"ledger: {CLIENTS} clients ask one account for {asked:,}, it holds {there:,}"
    return Row(name, rate(asked, elapsed(crew).total()), wanted="0 left", parts=[
        ("left; posted; refused", f"{left}; {len(done) - len(refused):,}; {len(refused):,}"),
        ("deadlocks; accounts with a gap in their versions", f"{locked}; {gaps}"),
        ("a refusal, p50", millis(percentile(refused, 0.5))),
    ])  # fmt: skip


def _spend(engine: Engine, number: int, times: int) -> list[tuple[float, bool]]:
    """Seconds of each try, and whether it got the money."""
    tries = []
    creator = CREATOR.format(number=number, pot="pending")
    for turn in range(times):
        began, posted = time.perf_counter(), True
        legs = [debit(PURSE, AMOUNT), credit(creator, AMOUNT)]
        try:
            with transaction(engine) as session:
                key = f"race:{number}:{turn}"
                post(session, key=key, kind="bench.single", legs=legs, effective_on=TODAY)
        except Refused:
            posted = False
        tries.append((time.perf_counter() - began, posted))
    return tries


def _one(url: str, query: str, *values: str) -> Any:
    with raw(app_engine(url, role=None)) as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]
