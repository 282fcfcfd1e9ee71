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


def admin_url() -> URL:
    return make_url(os.environ["KOPECK_DATABASE_URL"]).set(drivername="postgresql+psycopg2")


def run_alone(statement: str) -> None:
    engine = create_engine(admin_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def clone(name: str, template: str) -> None:
    run_alone(f"CREATE DATABASE {name} TEMPLATE {template} {os.environ.get('KOPECK_TEST_CLONE', '')}")


def drop(name: str) -> None:
    """Drop a database, whoever is in it.

    An autovacuum worker may not be ended by us, which FORCE would try; the plain statement asks it to leave.
    """
    for _ in range(50):
        try:
            return run_alone(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        except ProgrammingError:
            with suppress(OperationalError):
                return run_alone(f"DROP DATABASE IF EXISTS {name}")
            time.sleep(0.2)
    raise AssertionError(f"{name} could not be dropped")
