"""The most memory that the server's processes hold while clients send as much as a request may."""

import http.client
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil

_EVERY = 0.02  # seconds between two looks


def together(bodies: list[bytes], rounds: int, port: int, key: str) -> list[int]:
    """Bytes of each process, the most of all looks: every body by a client of its own, all at once, `rounds` times
    (from the second on everything is a repeat).

    Raises:
        RuntimeError: an answer was not 200.
    """

    def client(body: bytes) -> set[int]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        found = set()
        for _ in range(rounds):
            connection.request("POST", "/v1/events", body, headers)
            answer = connection.getresponse()
            answer.read()
            found.add(answer.status)
        connection.close()
        return found

    with _watched() as most, ThreadPoolExecutor(len(bodies)) as pool:
        statuses = set().union(*pool.map(client, bodies))
    if statuses != {200}:
        raise RuntimeError(f"a request was answered {statuses}")
    return sorted(most.values())


@contextmanager
def _watched() -> Iterator[dict[int, int]]:
    """The most resident memory of each process of the server that this one started."""
    most: dict[int, int] = {}
    done = threading.Event()
    workers = [
        worker
        for server in psutil.Process(os.getpid()).children()
        if "serve" in server.cmdline()
        for worker in server.children()
    ]

    def look() -> None:
        while not done.wait(_EVERY):
            for worker in workers:
                most[worker.pid] = max(most.get(worker.pid, 0), worker.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()
