"""Bring a database to the schema of this release, and refuse one that a newer release made."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.errors import Refused

_LOCK = 0x6B6F7065  # one migrator at a time


def _config(connection: Connection | None = None) -> Config:
    with as_file(files("migrations")) as folder:
        config = Config(folder / "alembic.ini")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision that this release needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at; None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def check_revision(connection: Connection) -> None:
    """Pass when the database is exactly at this release's revision.

    Raises:
        Refused: `database_behind` (run `kopeck migrate`), `database_ahead` (a newer release made it).
    """
    at = revision_of(connection)
    if at == newest():
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if at is None or at in known:
        raise Refused("database_behind", "The database has an older schema: run `kopeck migrate`.")
    raise Refused("database_ahead", f"A newer Kopeck made this database (revision {at}): run that release.")


def migrate(engine: Engine, time_zone: str) -> tuple[str | None, str]:
    """Run what is missing, each migration in a transaction. Returns the revision before and after.

    `engine` logs in as the owner. Two migrators wait for each other; one that was killed leaves nothing half done.

    Raises:
        Refused: `database_ahead`, `time_zone_fixed`.
    """
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        before = revision_of(connection)
        if before is not None and before != newest():
            _refuse_newer(before)
        connection.commit()
        command.upgrade(_config(connection), "head")
        connection.commit()
        _fix_time_zone(connection, time_zone)
        connection.commit()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()
    return before, newest()


def _refuse_newer(revision: str) -> None:
    if revision not in {
        script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    }:
        raise Refused(
            "database_ahead", f"A newer Kopeck made this database (revision {revision}): run that release."
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
