"""A backtest of 90 days by the command line: rules of the same 20 nodes as those in force, on every content and day."""

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta

from bench.ground import environ_of, fresh_database, say
from bench.rewards_data import FIRST, market, program
from bench.row import Row, rate

DAYS = 90
NOW = datetime.fromisoformat("2026-08-01T12:00:00+03:00")


def measure(quick: bool) -> list[Row]:
    """Ninety days of 10,000 contents; wanted is the pace at which 100,000 take a minute."""
    return _measure(1_000 if quick else 10_000)


def measure_full(quick: bool) -> list[Row]:
    """Ninety days of 100,000 contents."""
    return _measure(1_000 if quick else 100_000)


def _measure(contents: int) -> list[Row]:
    count = contents * DAYS
    with fresh_database() as url:
        say(f"a market of {contents:,} contents and {DAYS} days")
        owner = market(url, contents, DAYS)
        program(url, NOW)
        say("trying")
        seconds, memory = _tried(url)
        with owner.connect() as connection:
            cost, old = connection.exec_driver_sql(
                "SELECT result->'cost'->>'new', result->'cost'->>'old' FROM backtest"
            ).one()
    if cost != old or float(cost) <= 0:
        raise RuntimeError(f"the same rules cost {cost} and {old}")
    return [
        Row(f"backtest: {DAYS} days x {contents:,} content-days", rate(count, seconds), wanted=">= 150,000/s, < 200 MB", parts=[
            ("seconds", f"{seconds:,.1f} s"),
            ("memory of the process", f"{memory / 1024:,.0f} MB"),
        ])
    ]  # fmt: skip


def _tried(url: str) -> tuple[float, int]:
    """Seconds of the command from its start to its end, and its most resident memory in kB."""
    last = FIRST + timedelta(days=DAYS - 1)
    asked = ["programs", "backtest", "prog", "--version", "1", "--from", str(FIRST), "--to", str(last)]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "kopeck", *asked], env=environ_of(url), stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the backtest ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - started, used.ru_maxrss
