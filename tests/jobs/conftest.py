"""A context on the test's database, and processes to kill.

These tests touch three small tables only, so they share one database a worker, swept before each test; making and
dropping one for each takes longer than most of them.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from jobs_child import context_of
from scratch import own_database
from sqlalchemy import Engine, create_engine, text

from jobs.job import Context

CHILD = Path(__file__).with_name("jobs_child.py")


SWEEP = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "TRUNCATE job_run, scheduler",
    "DELETE FROM fact WHERE name ~ ' '",
)


@pytest.fixture(scope="session")
def jobs_database(template: str) -> Iterator[str]:
    """The URL of the database that these tests share."""
    with own_database(template.replace("template", "jobs"), template) as url:
        yield url


@pytest.fixture
def database_url(jobs_database: str) -> str:
    """The shared database, swept: nobody is connected, no run, no evidence."""
    engine = create_engine(jobs_database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in SWEEP:
            connection.execute(text(statement))
    engine.dispose()
    return jobs_database


@pytest.fixture
def context(engine: Engine) -> Context:
    return context_of(engine)


@pytest.fixture
def child(database_url: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start `jobs_child.py`; what still runs at the end is killed."""
    started: list[subprocess.Popen] = []

    def start(*arguments: str, seconds: float = 0, processes: int = 1) -> subprocess.Popen:
        environ = os.environ | {
            "SECONDS": str(seconds),
            "PROCESSES": str(processes),
            "ANSWER": str(tmp_path / "answer"),
        }
        started.append(
            subprocess.Popen(
                [sys.executable, str(CHILD), database_url, *arguments], env=environ, start_new_session=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
