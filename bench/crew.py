"""Clients that work at the same time: a process each, all of them beginning each lap together.

Processes and not threads: what a client computes between two statements is not to hold up the others.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from bench.row import Watch

# Forked: a client needs no new imports, and what it runs may be a function made on the spot.
_FORK = multiprocessing.get_context("fork")
_PATIENCE = 3600.0

Step = tuple[str, Callable[[], Any]]


@dataclass(frozen=True, slots=True)
class Lap:
    """One step of one client; the clock is the machine's, so that clients can be compared."""

    name: str
    began: float
    ended: float
    result: Any


def together(clients: int, client: Callable[[int], Iterator[Step]]) -> list[list[Lap]]:
    """What each client did. `client(number)` yields its steps, as many as the others and in the same order.

    Raises:
        RuntimeError: a client failed; its own words are on stderr.
    """
    barrier = _FORK.Barrier(clients)
    pipes = [_FORK.Pipe(duplex=False) for _ in range(clients)]
    crew = [
        _FORK.Process(target=_work, args=(barrier, sender, client, number), daemon=True)
        for number, (_, sender) in enumerate(pipes)
    ]
    for process in crew:
        process.start()
    for _, sender in pipes:
        sender.close()
    try:
        return [receiver.recv() for receiver, _ in pipes]
    except EOFError as error:
        raise RuntimeError("a client failed") from error
    finally:
        for process in crew:
            process.join()


def elapsed(crew: Sequence[Sequence[Lap]]) -> Watch:
    """The laps as one: from the first client's beginning to the last one's end."""
    watch = Watch()
    for laps in zip(*crew, strict=True):
        seconds = max(lap.ended for lap in laps) - min(lap.began for lap in laps)
        watch.laps.setdefault(laps[0].name, []).append(seconds)
    return watch


def results(crew: Sequence[Sequence[Lap]], name: str) -> list[Any]:
    """What the steps of this name answered, taken out of their lists."""
    return [result for laps in crew for lap in laps if lap.name == name for result in lap.result]


def _work(barrier: Barrier, sender: Connection, client: Callable[[int], Iterator[Step]], number: int) -> None:
    laps: list[Lap] = []
    try:
        for name, step in client(number):
            barrier.wait(_PATIENCE)
            began = time.perf_counter()
            result = step()
            laps.append(Lap(name, began, time.perf_counter(), result))
        sender.send(laps)
    except BaseException:
        barrier.abort()
        raise
