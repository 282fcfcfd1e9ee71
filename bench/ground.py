"""What every measure stands on: a temporary cluster, fresh migrated databases in it, the service as a process."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

from sqlalchemy import Engine

from core.database import make_engine
from core.embedded import running_cluster
from core.migrate import migrate
from core.settings import Settings, load_settings

SECRET_KEY = "6b" * 32
START_SECONDS = 60.0


def say(what: str) -> None:
    """Progress, on stderr: stdout is for the table."""
    print(f"  {what}", file=sys.stderr, flush=True)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder that is gone afterwards; the database's own account may pass through it."""
    home = Path(tempfile.mkdtemp(prefix="kopeck-bench-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_database() -> Iterator[str]:
    """The owner's URL of a migrated database in an embedded cluster of its own: fsync on, the service's settings."""
    with temporary_home() as home, running_cluster(home) as cluster:
        url = cluster.url()
        owner = app_engine(url, role=None)
        migrate(owner, settings_of(url).time_zone)
        owner.dispose()
        yield url


def environ_of(url: str, **more: str) -> dict[str, str]:
    """The environment of a service on this database, free of the caller's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOPECK_")}
    return kept | {"KOPECK_DATABASE_URL": url, "KOPECK_SECRET_KEY": SECRET_KEY} | more


def settings_of(url: str) -> Settings:
    return load_settings(environ_of(url))


def app_engine(url: str, role: str | None = "kopeck_app") -> Engine:
    """An engine as the service has it; `role` None: as the owner, for filling tables directly."""
    return make_engine(url, settings_of(url).time_zone, role=role, statement_seconds=0)


@contextmanager
def raw(engine: Engine) -> Iterator[Any]:
    """A cursor of the driver, for COPY and for taking statements apart; the caller commits."""
    connection = engine.raw_connection()
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.rollback()
        connection.close()


@contextmanager
def serving(url: str, **more: str) -> Iterator[int]:
    """`kopeck serve` with its default two processes; the port that answers."""
    port = free_port()
    environ = environ_of(url, KOPECK_BIND=f"127.0.0.1:{port}", **more)
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "kopeck", "serve"], env=environ, stdout=log, stderr=log
        )
        try:
            wait_healthy(port, server)
            yield port
        finally:
            server.terminate()
            server.wait()


def wait_healthy(port: int, process: subprocess.Popen[bytes], patience: float = START_SECONDS) -> None:
    """Until /healthz answers.

    Raises:
        RuntimeError: the process ended, or does not answer in time.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError(f"the server does not answer (exit code {process.poll()})")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
