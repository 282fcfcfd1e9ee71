"""A real PostgreSQL for every test that asks: one cluster a run, one fresh database a test.

The cluster is the one of `KOPECK_DATABASE_URL`, or the embedded one, started here and gone afterwards. A migrated
template is cloned for each test, so that tests commit for real and still know nothing of each other.
"""

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from core.database import make_engine
from core.migrate import migrate
from core.secrets import Vault, vault_of

TIME_ZONE = "Europe/Moscow"
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster once, in the process that starts the workers."""
    if hasattr(config, "workerinput") or os.environ.get("KOPECK_DATABASE_URL") or config.option.collectonly:
        return
    from core.embedded import running_cluster  # noqa: PLC0415  (only where it is needed)

    home = Path(tempfile.mkdtemp(prefix="kopeck-tests-", dir="/tmp"))
    home.chmod(0o711)
    _stack.callback(shutil.rmtree, home, ignore_errors=True)
    settings = {"fsync": "off", "max_connections": "300"}
    cluster = _stack.enter_context(running_cluster(home, settings=settings))
    os.environ["KOPECK_DATABASE_URL"] = cluster.url("kopeck_owner")


def pytest_unconfigure() -> None:
    _stack.close()


def _admin_url() -> URL:
    return make_url(os.environ["KOPECK_DATABASE_URL"]).set(drivername="postgresql+psycopg2")


def _run(statement: str) -> None:
    engine = create_engine(_admin_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _drop(name: str) -> None:
    """Drop a database; an autovacuum worker in it may not be ended by us, but it ends soon by itself."""
    for attempt in range(50):
        try:
            return _run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        except ProgrammingError:
            if attempt == 49:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="session")
def template(worker_id: str) -> Iterator[str]:
    """A migrated database to clone."""
    name = f"template_{worker_id}_{uuid.uuid4().hex[:8]}"
    _run(f"CREATE DATABASE {name}")
    owner = make_engine(_admin_url().set(database=name).render_as_string(False), TIME_ZONE, role=None)
    migrate(owner, TIME_ZONE)
    owner.dispose()
    yield name
    _drop(name)


@pytest.fixture
def database_url(template: str) -> Iterator[str]:
    """The owner's URL of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    _run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _admin_url().set(database=name).render_as_string(False)
    _drop(name)


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
    name = f"{template}_only_read"
    _run(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine = make_engine(_admin_url().set(database=name).render_as_string(False), TIME_ZONE)
    yield engine
    engine.dispose()
    _drop(name)


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
