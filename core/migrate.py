"""Bring a database to the schema of this release."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from core.database import translate
from core.errors import Refused
from core.revision import newest, refuse_newer, revision_of

OLDEST_SERVER = 150_000
_LOCK = 0x6B6F7065  # one migrator at a time


def _config(connection: Connection | None = None) -> Config:
    with as_file(files("migrations")) as folder:
        config = Config(folder / "alembic.ini")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine, time_zone: str) -> tuple[str | None, str]:
    """Run what is missing, each migration in a transaction. Returns the revision before and after.

    `engine` logs in as the owner. Two migrators wait for each other; one that was killed leaves nothing half done.

    Raises:
        Refused: `database_ahead`, `time_zone_fixed`, `postgres_too_old`.
        Unavailable: the database does not answer.
    """
    try:
        with engine.connect() as connection, _alone(connection):
            _refuse_old_server(connection)
            before = revision_of(connection)
            refuse_newer(before)
            connection.commit()
            command.upgrade(_config(connection), "head")
            connection.commit()
            _fix_time_zone(connection, time_zone)
            connection.commit()
    except DBAPIError as error:
        raise translate(error) from error
    return before, newest()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold the migrators' lock, however long another one takes; a pooled connection must not keep it afterwards."""
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    try:
        yield
    finally:
        with suppress(DBAPIError):
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()


def _refuse_old_server(connection: Connection) -> None:
    version = int(connection.scalar(text("SHOW server_version_num")) or 0)
    if version < OLDEST_SERVER:
        raise Refused(
            "postgres_too_old", f"Kopeck needs PostgreSQL 15 or newer; this server is {version // 10_000}."
        )


def _fix_time_zone(connection: Connection, time_zone: str) -> None:
    """A day is a day of one time zone for good once there are events; before that it may still be changed."""
    stored = connection.scalar(text("SELECT value FROM fact WHERE name = 'time_zone'"))
    if stored == time_zone:
        return
    if stored and connection.scalar(text("SELECT EXISTS (SELECT FROM event_batch)")):
        raise Refused(
            "time_zone_fixed",
            f"Events were counted by days of {stored}; set KOPECK_TIME_ZONE={stored}, not {time_zone}.",
        )
    connection.execute(
        text("INSERT INTO fact VALUES ('time_zone', :zone) ON CONFLICT (name) DO UPDATE SET value = :zone"),
        {"zone": time_zone},
    )
