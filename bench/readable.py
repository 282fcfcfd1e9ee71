"""From the answer 200 to the tally being readable, while events stream in by the clock over HTTP.

The real server and the real scheduler (`kopeck serve`, `kopeck work`) with their own intervals. A reader asks the
database again and again which batches are tallied: what it sees, any reader sees.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

from sqlalchemy import Engine, text

from api.keys import create_key
from bench.ground import app_engine, environ_of, fresh_database, raw, say, serving
from bench.row import Row, percentile, rate
from bench.touches import make_catalog
from bench.traffic import bodies
from core import clock
from core.database import transaction
from core.ids import key_of

BATCH, CLIENTS = 2_000, 4
LOOK, PATIENCE = 0.02, 120.0
_TICKS = text("SELECT EXISTS (SELECT FROM scheduler)")
_TALLIED = text("SELECT id FROM event_batch WHERE tallied_at IS NOT NULL")


def measure(quick: bool) -> list[Row]:
    """At 20,000 events a second, or at what the machine takes if that is less."""
    a_second, seconds = (2_000, 4) if quick else (20_000, 15)
    say("making bodies")
    sent, now = bodies(a_second * seconds // BATCH, BATCH, clock.now()), clock.now()
    with fresh_database() as url:
        owner, engine = app_engine(url, role=None), app_engine(url)
        with raw(owner) as cursor:
            make_catalog(cursor, (now - timedelta(days=3)).date(), 6)
        with transaction(owner) as session:
            key = create_key(session, "platform", "Bench")
        with serving(url) as port, _working(url):
            _started(engine)
            say(f"sending {a_second:,} a second")
            with _watching(engine, len(sent)) as seen:
                answered, took = _stream(port, key, sent, a_second)
    waits = [seen[batch] - at for batch, at in answered.items()]
    taken = len(sent) * BATCH / took
    return [
        Row(f"readable: {a_second:,} events a second asked, p99", f"{percentile(waits, 0.99):.2f} s", wanted="< 5 s", parts=[
            ("taken", rate(len(sent) * BATCH, took)),
            ("p50; the longest", f"{percentile(waits, 0.5):.2f} s; {max(waits):.2f} s"),
            ("of what was asked", f"{min(1.0, taken / a_second):.2f} x"),
        ])
    ]  # fmt: skip


@contextmanager
def _working(url: str) -> Iterator[None]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "kopeck", "work"], env=environ_of(url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def _started(engine: Engine) -> None:
    """Until the scheduler ticks: its start is not what is measured."""
    deadline = time.perf_counter() + PATIENCE
    while True:
        with transaction(engine) as session:
            if session.scalar(_TICKS):
                return
        if time.perf_counter() > deadline:
            raise RuntimeError("the scheduler does not start")
        time.sleep(LOOK)


@contextmanager
def _watching(engine: Engine, batches: int) -> Iterator[dict[int, float]]:
    """When each batch was first seen tallied; leaves when all were."""
    seen: dict[int, float] = {}
    deadline = time.perf_counter() + PATIENCE

    def look() -> None:
        while len(seen) < batches and time.perf_counter() < deadline:
            with transaction(engine) as session:
                tallied = session.scalars(_TALLIED).all()
            at = time.perf_counter()
            for batch in tallied:
                seen.setdefault(batch, at)
            time.sleep(LOOK)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    yield seen
    watcher.join()
    if len(seen) < batches:
        raise RuntimeError(f"{batches - len(seen)} batches were never tallied")


def _stream(port: int, key: str, sent: list[bytes], a_second: int) -> tuple[dict[int, float], float]:
    """When each batch was answered, and the seconds until the last one was."""
    numbers, answered, lock = count(), dict[int, float](), threading.Lock()
    started = time.perf_counter() + 0.2

    def client(_number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        while (number := next(numbers)) < len(sent):
            time.sleep(max(0.0, started + number * BATCH / a_second - time.perf_counter()))
            connection.request("POST", "/v1/events", sent[number], headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            if answer.status != 200 or body["accepted"] != BATCH:
                raise RuntimeError(f"{answer.status}: {body}")
            with lock:
                answered[key_of("bat", body["batch"])] = time.perf_counter()
        connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return answered, time.perf_counter() - started
