"""Where the databases of tests are: in memory where there is room, since thousands of them are cloned and dropped."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.database import make_engine
from core.migrate import migrate

TIME_ZONE = "Europe/Moscow"
MEMORY = Path("/dev/shm")
ROOM = 8 << 30  # bytes; a whole run takes under 3 GB


def in_memory() -> bool:
    """Is there a file system in memory, with room for a run beside what the machine needs?"""
    if not os.access(MEMORY, os.W_OK):
        return False
    known = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(known["MemAvailable"].removesuffix("kB")) << 10
    return min(shutil.disk_usage(MEMORY).free, available) >= ROOM


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that the database's account may pass through, unlike pytest's own; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kopeck-tests-", dir=MEMORY if in_memory() else "/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_database(name: str, template: str = "template1") -> Iterator[str]:
    """The owner's URL of a new database like `template`; dropped afterwards, whoever is in it."""
    _run(f"CREATE DATABASE {name} TEMPLATE {template} {os.environ.get('KOPECK_TEST_CLONE', '')}")
    try:
        yield _owner_url().set(database=name).render_as_string(False)
    finally:
        _drop(name)


@contextmanager
def migrated_database(name: str) -> Iterator[str]:
    """The same with the schema in it, and nothing else."""
    with own_database(name) as url:
        owner = make_engine(url, TIME_ZONE, role=None)
        migrate(owner, TIME_ZONE)
        owner.dispose()
        yield url


def _owner_url() -> URL:
    return make_url(os.environ["KOPECK_DATABASE_URL"]).set(drivername="postgresql+psycopg2")


def _run(statement: str) -> None:
    engine = create_engine(_owner_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _drop(name: str) -> None:
    """An autovacuum worker may not be ended by us, which FORCE would try; the plain statement asks it to leave."""
    for _ in range(50):
        try:
            return _run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        except ProgrammingError:
            with suppress(OperationalError):
                return _run(f"DROP DATABASE IF EXISTS {name}")
            time.sleep(0.2)
    raise AssertionError(f"{name} could not be dropped")
