"""Which seeds the tests run: blocks of fresh ones, and every seed that failed once."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from scratch import own_database
from sim_database import Database
from sim_program import run_seed

BLOCK = 10
_REGRESSIONS = Path(__file__).with_name("regressions.txt")


def regressions() -> list[int]:
    """The seeds of the file, each with what was wrong then."""
    lines = _REGRESSIONS.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line[:1].isdigit()]


def run_block(database: Database, first: int) -> None:
    for seed in range(first, first + BLOCK):
        run_seed(database, seed)


@contextmanager
def database_of(template: str) -> Iterator[Database]:
    """A database of one's own for many seeds."""
    name = f"simulation_{uuid.uuid4().hex[:12]}"
    with own_database(name, template) as url, closing(Database(url)) as database:
        yield database
