"""From an empty folder to a seeded demo, and from a seeded one to an answer; then the demo's heaviest read."""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from bench.ground import free_port, say, temporary_home, wait_healthy
from bench.paced import connected
from bench.row import Row, Watch, millis
from core import clock
from kopeck.seed import CREATOR

GROUPS = ("day", "content", "product", "program", "rule")
CREATORS = 20


def measure(quick: bool) -> list[Row]:
    """Seconds of both starts, installing not included. The demo has one size, so `quick` only asks less."""
    watch = Watch()
    with temporary_home() as home, tempfile.TemporaryFile() as log:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("KOPECK_")}
        environ |= {"KOPECK_HOME": str(home), "KOPECK_BIND": f"127.0.0.1:{free_port()}"}
        say("seeding the demo")
        with watch.lap("seed"):
            subprocess.run(_demo("--seed-only"), env=environ, stdout=log, stderr=log, check=True)
        say("starting it again")
        port = int(environ["KOPECK_BIND"].rpartition(":")[2])
        with _running(environ, log) as process:
            with watch.lap("start"):
                wait_healthy(port, process)
            seconds = _earnings(home, port, CREATORS // 4 if quick else CREATORS)
    return [
        Row("start: `kopeck demo --seed-only` in an empty folder", f"{watch.total('seed'):.1f} s", "", None, "<= 120 s"),
        Row("start: `kopeck demo` seeded before, until /healthz", f"{watch.total('start'):.1f} s", "", None, "<= 10 s"),
        Row("earnings: GET of one creator's month in the demo, median", millis(statistics.median(seconds)), "", None, "", [
            ("the slowest", millis(max(seconds))),
        ]),
    ]  # fmt: skip


def _demo(*options: str) -> list[str]:
    return [sys.executable, "-m", "kopeck", "demo", *options]


@contextmanager
def _running(environ: dict[str, str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(_demo(), env=environ, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _earnings(home: Path, port: int, creators: int) -> list[float]:
    """Seconds of each answer: some creators, each grouped in every way."""
    keys = json.loads((home / "demo" / "secrets" / "demo-keys.json").read_text())
    get, seconds = connected(port, keys["operator"]), []
    until = clock.now().date()
    stem, digits = CREATOR.rsplit("-", 1)
    for number in range(creators):
        for group in GROUPS:
            path = f"/v1/creators/{stem}-{number + int(digits):0{len(digits)}d}/earnings"
            started = time.perf_counter()
            get(f"{path}?from={until - timedelta(days=30)}&to={until}&group_by={group}")
            seconds.append(time.perf_counter() - started)
    return seconds
