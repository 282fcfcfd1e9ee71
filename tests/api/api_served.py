"""`python -m kopeck serve` as a process group of its own, and a client that works from many threads."""

import itertools
import json as json_
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil
import urllib3
from api_caller import LEAK, PROBLEM

T = TypeVar("T")
_fresh = itertools.count(1)


class Served:
    """The running server. `call` is like the in-process one; `pids` are its workers."""

    def __init__(self, process: subprocess.Popen, port: int, keys: dict[str, str]) -> None:
        self.process, self.port, self.keys = process, port, keys
        self.pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=64, block=True, retries=False)

    @property
    def pids(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def call(
        self,
        role: str,
        method: str,
        path: str,
        json: Any = None,
        *,
        body: bytes | None = None,
        **headers: Any,
    ) -> "Answer":
        sent = {"Authorization": f"Bearer {self.keys[role]}", "Content-Type": "application/json"}
        if method == "POST":
            sent["Idempotency-Key"] = f"served-{next(_fresh)}"
        sent |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        data = body if body is not None else None if json is None else json_.dumps(json).encode()
        raw = self.pool.request(method, path, body=data, headers=sent, timeout=60)
        answer = Answer(raw.status, dict(raw.headers), raw.data)
        if answer.status >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json", raw.data
            assert answer.json.keys() >= PROBLEM and not LEAK.search(raw.data.decode())
        return answer


class Answer:
    def __init__(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.status, self.headers, self.data = status, headers, data

    @property
    def json(self) -> Any:
        return json_.loads(self.data)


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """`act(0) … act(count - 1)`, each in a thread, begun together."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> T:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def eventually(happened: Callable[[], Any], seconds: float = 20) -> Any:
    """What `happened` says as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (said := happened()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return said


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    database_url: str, home: Path, secret: str, keys: dict[str, str], workers: int = 2
) -> Iterator[Served]:
    """A server until the end of the context; nothing of it is left then."""
    port = _free_port()
    environ = os.environ | {
        "KOPECK_DATABASE_URL": database_url,
        "KOPECK_HOME": str(home),
        "KOPECK_SECRET_KEY": secret,
        "KOPECK_BIND": f"127.0.0.1:{port}",
        "KOPECK_WORKERS": str(workers),
        "KOPECK_THREADS": "8",
    }
    with (home / "server.log").open("wb") as log:
        command: Sequence[str] = [sys.executable, "-m", "kopeck", "serve"]
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
    server = Served(process, port, keys)
    try:
        eventually(lambda: _answers(server), 90)
        yield server
    finally:
        server.pool.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(server: Served) -> bool:
    assert server.process.poll() is None, "the server ended"
    with suppress(urllib3.exceptions.HTTPError):
        return server.pool.request("GET", "/healthz", timeout=2).status == 200
    return False
