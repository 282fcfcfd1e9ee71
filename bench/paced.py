"""A client with a timetable: requests leave at fixed times whether or not earlier ones have been answered.

Latency counts from the moment a request was due, so a stall is felt by every request that it made late.
"""

import http.client
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

CLIENTS = 8


def paced(port: int, key: str, paths: Sequence[str], a_second: int) -> list[float]:
    """Seconds from the due moment to the whole answer, for each path in turn, over kept connections.

    Raises:
        RuntimeError: an answer was not 200.
    """
    numbers, started = count(), time.perf_counter() + 0.2

    def client(_number: int) -> list[float]:
        get, seconds = connected(port, key), []
        while (number := next(numbers)) < len(paths):
            due = started + number / a_second
            time.sleep(max(0.0, due - time.perf_counter()))
            get(paths[number])
            seconds.append(time.perf_counter() - due)
        return seconds

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [second for seconds in pool.map(client, range(CLIENTS)) for second in seconds]


def connected(port: int, key: str) -> Callable[[str], Any]:
    """A function that gets a path as JSON over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(path: str) -> Any:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:500]!r}")
        return json.loads(body)

    return get
