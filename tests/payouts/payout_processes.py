"""`kopeck work`, `kopeck serve` and `kopeck jobs` as real processes that pay a market's creators by the stand-in."""

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, text
from stripe_world import StripeWorld

from api.keys import create_key
from core.database import transaction
from payouts.read import list_payouts
from payouts.store import Payout, Run

ROOT = Path(__file__).resolve().parent.parent.parent
# What is measured against the clock of the machine, moved back: the same as time that passes while nobody works.
PASSES = (
    "UPDATE job_run SET alive_at = alive_at - :by, finished_at = finished_at - :by",
    "UPDATE payout_attempt SET next_at = next_at - :by, leased_until = leased_until - :by,"
    " first_sent_at = first_sent_at - :by",
    "UPDATE provider_event SET next_at = next_at - :by",
)


def eventually(happened: Callable[[], Any], seconds: float = 120) -> Any:
    """What `happened` says as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (said := happened()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return said


class Processes:
    """The processes of one service; what still runs at the end is killed."""

    def __init__(self, market: StripeWorld, owner: Engine, home: Path, **settings: str) -> None:
        self.market, self.owner, self.home = market, owner, home
        self.given = {
            "KOPECK_DATABASE_URL": market.engine.url.render_as_string(False),
            "KOPECK_HOME": str(home),
            "KOPECK_SECRET_KEY": (b"k" * 32).hex(),
            "KOPECK_STRIPE_API_KEY": "sk_test_x",
            "KOPECK_STRIPE_API_BASE": market.stripe.base,
            "KOPECK_STRIPE_WEBHOOK_SECRET": "whsec_1",
            "KOPECK_STRIPE_RATE": "500",
        } | settings
        self.started: list[subprocess.Popen[bytes]] = []
        self.port, self.key = 0, ""

    def start(self, *line: str) -> subprocess.Popen[bytes]:
        with (self.home / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *line], env=os.environ | self.given, cwd=ROOT, stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def work(self) -> subprocess.Popen[bytes]:
        return self.start("-m", "kopeck", "work")

    def serve(self) -> subprocess.Popen[bytes]:
        """The HTTP server, ready; `call` speaks to it as finance."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.given["KOPECK_BIND"] = f"127.0.0.1:{self.port}"
        if not self.key:
            with transaction(self.market.engine) as session:
                self.key = create_key(session, "finance", "Fyodor")
        server = self.start("-m", "kopeck", "serve")
        eventually(lambda: self.call("GET", "/healthz")[0] == 200)
        return server

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and answer; status 0 when nobody answers."""
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"} | headers
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
                connection.request(method, path, body, sent)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return 0, None

    def kopeck(self, *arguments: str) -> str:
        """A command that must go well; what it printed."""
        line = [sys.executable, "-m", "kopeck", *arguments]
        done = subprocess.run(
            line, env=os.environ | self.given, cwd=ROOT, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pass_time(self, seconds: float) -> None:
        """Leases and pauses end sooner, and Stripe's clock goes with ours."""
        with self.owner.begin() as connection:
            for statement in PASSES:
                connection.execute(text(statement.replace(":by", f"interval '{seconds} s'")))
        self.market.stripe.control("clock", advance=seconds)

    def count(self, run: Run) -> Counter[str]:
        """Payouts by state."""
        with transaction(self.market.engine) as session:
            rows = session.execute(
                text("SELECT p.state FROM payout p JOIN payout_run r ON r.id = p.run_id WHERE r.created_at = :at"),
                {"at": run.created_at},
            )  # fmt: skip
            return Counter(rows.scalars())

    def until(self, run: Run, seconds: float = 120, **states: int) -> None:
        """Wait until the run's payouts are in these states."""
        wanted = Counter(states)
        with suppress(AssertionError):
            return eventually(lambda: self.count(run) == wanted, seconds)
        raise AssertionError(f"{self.count(run)} after {seconds} s, not {wanted}\n{self.said()}")

    def said(self) -> str:
        return (self.home / "processes.log").read_text()[-3000:]

    def close(self) -> None:
        for process in self.started:
            with suppress(psutil.NoSuchProcess):
                for each in psutil.Process(process.pid).children(recursive=True):
                    each.kill()
            process.kill()
            process.wait()


@contextmanager
def processes(market: StripeWorld, owner: Engine, home: Path, **settings: str) -> Iterator[Processes]:
    with closing(Processes(market, owner, home, **settings)) as made:
        yield made


def all_payouts(market: StripeWorld, run: Run) -> list[Payout]:
    with transaction(market.engine) as session:
        return list_payouts(session, run=run.id, limit=1000)


def once_each(market: StripeWorld, run: Run) -> bool:
    """Is every payout of the run paid by one transfer of its own amount, and do books and checks agree?"""
    sent = Counter(each["transfer_group"] for each in market.stripe.transfers())
    made = {each["transfer_group"]: each for each in market.stripe.transfers()}
    payouts = all_payouts(market, run)
    assert {each.state for each in payouts} == {"paid"}
    assert sent == Counter(each.id for each in payouts), "a payout is one transfer"
    for payout in payouts:
        transfer = made[payout.id]
        assert (transfer["id"], transfer["amount"]) == (payout.reference, payout.amount.micros // 10_000)
    return market.proved()
