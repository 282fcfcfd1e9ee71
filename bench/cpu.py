"""Seconds of the processor, which other work on the same machine does not add to, as it does to a clock's.

Of this process with the children that it waited for, and of the database, whose processes stand on the same machine: a
database elsewhere, or a system without /proc, has none to show.
"""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cpu:
    """What a piece of work took."""

    ours: float = 0.0
    database: float = 0.0

    @property
    def total(self) -> float:
        return self.ours + self.database

    def __str__(self) -> str:
        return f"{self.ours:,.1f} + {self.database:,.1f} s"


@contextmanager
def cpu_of(engine: Engine, spent: Cpu | None = None) -> Iterator[Cpu]:
    """The processor's time of what is done within, added to `spent`."""
    cpu = spent or Cpu()
    with engine.connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    ours, database = _ours(), _database(backend)
    yield cpu
    cpu.ours += _ours() - ours
    cpu.database += _database(backend) - database


def _ours() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _database(backend: int) -> float:
    """Of all processes of the server: those that live, and those that it has waited for."""
    server = _stat(backend)[1:2]
    alive = (_stat(int(path.name)) for path in Path("/proc").glob("[0-9]*"))
    ticks = sum(sum(each[11:13]) for each in alive if each[1:2] == server)
    return (ticks + sum(_stat(server[0])[11:15] if server else [])) / _TICKS


def _stat(process: int) -> list[int]:
    """The numbers behind the name in /proc/N/stat; the state, a letter, is 0. Nothing of a process that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [0, *map(int, fields[1:])]
