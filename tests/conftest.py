"""A real PostgreSQL for every test that asks: one cluster a run, one fresh database a test.

The cluster is the one of `KOPECK_DATABASE_URL`, or the embedded one, started here and gone afterwards (of the
PostgreSQL programs in the folder `KOPECK_TEST_PROGRAMS`, if that is said). A migrated template is cloned for each
test, so that tests commit for real and still know nothing of each other.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scratch import MEMORY, TIME_ZONE, migrated_database, own_database, scratch_folder
from sqlalchemy import Engine

from core.database import make_engine
from core.secrets import Vault, vault_of

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster once, in the process that starts the workers."""
    if hasattr(config, "workerinput") or os.environ.get("KOPECK_DATABASE_URL") or config.option.collectonly:
        return
    from core.embedded import running_cluster  # noqa: PLC0415  (only where it is needed)

    home = _stack.enter_context(scratch_folder())
    if home.is_relative_to(MEMORY):
        os.environ["KOPECK_TEST_CLONE"] = "STRATEGY FILE_COPY"  # twenty times as fast there, slower on a disk
    programs = os.environ.get("KOPECK_TEST_PROGRAMS")
    settings = {"fsync": "off", "max_connections": "300", "max_wal_size": "256MB"}
    cluster = _stack.enter_context(
        running_cluster(home, bin_dir=Path(programs) if programs else None, settings=settings)
    )
    os.environ["KOPECK_DATABASE_URL"] = cluster.url("kopeck_owner")


def pytest_unconfigure() -> None:
    _stack.close()


@pytest.fixture(scope="session")
def template(worker_id: str) -> Iterator[str]:
    """The name of a migrated database to clone."""
    name = f"template_{worker_id}_{uuid.uuid4().hex[:8]}"
    with migrated_database(name):
        yield name


@pytest.fixture
def database_url(template: str) -> Iterator[str]:
    """The owner's URL of a fresh, migrated database."""
    with own_database(f"test_{uuid.uuid4().hex[:16]}", template) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The application's engine (its role, its time zone) on the test's own database."""
    engine = make_engine(database_url, TIME_ZONE, pool_size=40)
    yield engine
    engine.dispose()


@pytest.fixture
def owner(database_url: str) -> Iterator[Engine]:
    """The owner's engine: what only a migration or a superuser may do."""
    engine = make_engine(database_url, TIME_ZONE, role=None)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def db_engine(template: str) -> Iterator[Engine]:
    """An engine for tests that only compute and write nothing; not on the template, which is cloned undisturbed."""
    with own_database(f"{template}_only_read", template) as url:
        engine = make_engine(url, TIME_ZONE)
        yield engine
        engine.dispose()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of contract, data and vectors beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with data and vectors is not here")
    return SHARED


@pytest.fixture(scope="session")
def vault() -> Vault:
    """Keys for pseudonyms and encryption."""
    return vault_of(b"k" * 32)
