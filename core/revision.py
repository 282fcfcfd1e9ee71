"""Which schema a database has, and whether it is this release's. Without Alembic, whose import is slow."""

from importlib.resources import files

from sqlalchemy import Connection, text

from core.errors import Refused


def known() -> list[str]:
    """This release's revisions in their order: migrations are numbered in one line, `0001_the_ground.py`."""
    names = (each.name for each in files("migrations").joinpath("versions").iterdir())
    return sorted(name[:4] for name in names if name[:4].isdigit() and name.endswith(".py"))


def newest() -> str:
    """The revision that this release needs."""
    return known()[-1]


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at; None before the first migration."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def refuse_newer(revision: str | None) -> None:
    """Pass for a revision that this release knows.

    Raises:
        Refused: `database_ahead`, a newer release made it.
    """
    if revision is not None and revision not in known():
        raise Refused(
            "database_ahead", f"A newer Kopeck made this database (revision {revision}): run that release."
        )


def check_revision(connection: Connection) -> None:
    """Pass when the database is exactly at this release's revision.

    Raises:
        Refused: `database_behind` (run `kopeck migrate`), `database_ahead`.
    """
    at = revision_of(connection)
    refuse_newer(at)
    if at != newest():
        raise Refused("database_behind", "The database has an older schema: run `kopeck migrate`.")
