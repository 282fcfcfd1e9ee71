"""A service of real processes, each of which can be killed alone: PostgreSQL, the HTTP server, the scheduler."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
from scratch import scratch_folder

from api.keys import create_key
from catalog.bulk import load_catalog
from core import clock
from core.database import make_engine, transaction
from core.embedded import Cluster, running_cluster
from core.migrate import migrate
from core.secrets import load_vault
from core.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent.parent
VIEWS, CLICKS, PURCHASES, REFUNDS = 30, 8, 8, 4
EVENTS = VIEWS + CLICKS + PURCHASES + REFUNDS
RULES = ("VIEWS_PER_HOUR", "CLICKS_PER_HOUR", "PAIR_PER_DAY", "CLICK_SECONDS", "VIEW_SHARE", "OWN_VIEWER")
# The scheduler, hurrying: what the service does in minutes it does in moments, so that a kill finds it at work.
SCHEDULER = """
import threading
from dataclasses import replace
from datetime import timedelta
from core.settings import load_settings
from jobs.job import Context, Pace
from jobs.registry import JOBS
from jobs.schedule import work
from kopeck.database import application
pace = Pace(lease=2, first_retry=0.1, last_retry=0.5, look=0.5, tick=0.5)
jobs = [job if isinstance(job.every, str) else replace(job, every=timedelta(seconds=0.5)) for job in JOBS]
settings = load_settings()
while True:
    try:
        with application(settings, statement_seconds=0) as (engine, vault):
            work(Context(engine, settings, vault), threading.Event(), jobs=jobs, pace=pace)
    except Exception:
        pass
"""


def eventually(happened: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (said := happened()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
    return said


class World:
    """The processes, started again when they were killed."""

    def __init__(self, home: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.home, self.key, self.database = home, "", ExitStack()
        self.cluster = self.start_database()
        self.given = {
            "KOPECK_HOME": str(home), "KOPECK_DATABASE_URL": self.cluster.url(), "KOPECK_BIND": f"127.0.0.1:{self.port}",
            "KOPECK_WORKERS": "2", "KOPECK_THREADS": "4", "KOPECK_ATTRIBUTION_DELAY": "0",
        } | {f"KOPECK_TRAFFIC_{rule}": "0" for rule in RULES} | settings  # fmt: skip
        self.settings: Settings = load_settings(self.given)
        self._stock()
        self.server, self.scheduler = self.start("-m", "kopeck", "serve"), self.start("-c", SCHEDULER)

    def start_database(self) -> Cluster:
        return self.database.enter_context(running_cluster(self.home))

    def start(self, *line: str) -> subprocess.Popen[bytes]:
        with (self.home / "processes.log").open("ab") as log:
            return subprocess.Popen([sys.executable, *line], env=os.environ | self.given, cwd=ROOT, stdout=log, stderr=log)  # fmt: skip

    def kill(self, victim: str) -> None:
        """kill -9 of a process, or PostgreSQL's immediate stop, which is a crash to it; then a new one is started."""
        if victim == "database":
            assert self.cluster.process is not None
            self.cluster.process.send_signal(signal.SIGQUIT)
            self.cluster.process.wait(20)
            self.database.close()
            self.cluster = self.start_database()
        elif victim == "worker":
            with suppress(psutil.NoSuchProcess, IndexError):
                psutil.Process(self.server.pid).children()[0].kill()
        elif victim == "server":
            _kill_tree(self.server)
            self.server = self.start("-m", "kopeck", "serve")
        else:
            _kill_tree(self.scheduler)
            self.scheduler = self.start("-c", SCHEDULER)

    def send(self, body: bytes) -> tuple[int, bytes]:
        """Status and body; status 0 when nobody answers."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/x-ndjson"}
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
                connection.request("POST", "/v1/events", body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
        except (OSError, HTTPException):
            return 0, b""

    def close(self) -> None:
        _kill_tree(self.server)
        _kill_tree(self.scheduler)
        self.database.close()

    def _stock(self) -> None:
        owner = make_engine(self.cluster.url(), self.settings.time_zone, role=None)
        migrate(owner, self.settings.time_zone)
        owner.dispose()
        price = {"amount": "100.00", "currency": "RUB"}
        rows: list[dict[str, Any]] = [{"type": "seller", "id": "s", "name": "Shop"}]
        for n in range(4):
            rows += [
                {"type": "creator", "id": f"c{n}", "name": f"Creator {n}"},
                {"type": "product", "id": f"p{n}", "seller": "s", "title": "T", "price": price, "category": "home"},
                {"type": "content", "id": f"k{n}", "creator": f"c{n}", "kind": "video", "published_at": "2026-01-01T00:00:00Z", "products": [f"p{n}"]},
            ]  # fmt: skip
        engine = make_engine(self.cluster.url(), self.settings.time_zone)
        with transaction(engine) as session:
            self.key = create_key(session, "platform", "Marketplace")
            vault = load_vault(self.settings)
            assert (
                load_catalog(session, "\n".join(map(json.dumps, rows)).encode(), clock.now(), vault).rejected
                == 0
            )
        engine.dispose()


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
    process.kill()
    process.wait()


@contextmanager
def world(**settings: str) -> Iterator[World]:
    with scratch_folder() as folder, closing(World(folder, **settings)) as made:
        yield made


class Senders:
    """Clients that send each batch again and again until it is acknowledged."""

    def __init__(self, world: World, count: int) -> None:
        self.world, self.acknowledged, self.strange = world, 0, list[tuple[int, bytes]]()
        self.resent, self.stop, self.lock = 0, threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self._send, args=(n,)) for n in range(count)]

    def __enter__(self) -> "Senders":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _send(self, sender: int) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            body, giving_up = batch(f"s{sender}-{number}"), time.monotonic() + 90
            while (answer := self.world.send(body))[0] != 200:
                if answer[0] not in (0, 503) or time.monotonic() > giving_up:
                    self.strange.append(answer)
                    return
                with self.lock:
                    self.resent += 1
                time.sleep(0.2)
            told = json.loads(answer[1])
            with self.lock:
                self.acknowledged += 1
                if told["accepted"] + told["duplicates"] != EVENTS:
                    self.strange.append(answer)


def batch(name: str) -> bytes:
    """Views, clicks, sales of what was clicked to the same people, and half of some of them back."""
    now = clock.now()
    seen, bought, back = ((now - timedelta(hours=ago)).isoformat() for ago in (3, 2, 1))
    rows = [
        {"type": "view", "id": f"{name}-v{n}", "occurred_at": seen, "viewer": f"{name}-{n}", "content": f"k{n % 4}", "watch_ms": 9000}
        for n in range(VIEWS)
    ] + [
        {"type": "click", "id": f"{name}-c{n}", "occurred_at": seen, "viewer": f"{name}-{n}", "content": f"k{n % 4}", "product": f"p{n % 4}"}
        for n in range(CLICKS)
    ] + [
        {"type": "purchase", "id": f"{name}-b{n}", "occurred_at": bought, "viewer": f"{name}-{n}", "order": f"{name}-{n}", "product": f"p{n % 4}", "quantity": 2, "amount": "100.00", "currency": "RUB"}
        for n in range(PURCHASES)
    ] + [
        {"type": "refund", "id": f"{name}-r{n}", "occurred_at": back, "order": f"{name}-{n}", "product": f"p{n % 4}", "quantity": 1}
        for n in range(REFUNDS)
    ]  # fmt: skip
    return "\n".join(map(json.dumps, rows)).encode()
