"""Where the database is: the one of the settings, or the embedded one, started here or attached to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, text

from core.database import make_engine, transaction
from core.embedded import attach_or_start
from core.errors import Refused
from core.revision import check_revision
from core.secrets import Vault, load_vault
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """URLs for the two roles; the same one where the settings give only one. `ended`: is a server of ours gone?"""

    owner_url: str
    app_url: str
    ended: Callable[[], bool] = lambda: False


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The database for as long as the context lasts.

    Raises:
        Unavailable, Refused, Conflict: what `core.embedded` says about one that cannot be started.
    """
    if settings.database_url is not None:
        yield Database(settings.database_url, settings.database_url)
        return
    with attach_or_start(settings.home, bin_dir=settings.postgres_bin) as cluster:
        yield Database(cluster.url("kopeck_owner"), cluster.url("kopeck_app"), cluster.ended)


@contextmanager
def application(settings: Settings, *, statement_seconds: int = 30) -> Iterator[tuple[Engine, Vault]]:
    """The application's engine and keys on a migrated database.

    Raises:
        Refused: `database_behind`, `database_ahead`, `wrong_secret_key`.
    """
    with database(settings) as found:
        engine = make_engine(found.app_url, settings.time_zone, statement_seconds=statement_seconds)
        try:
            yield engine, checked_vault(engine, settings)
        finally:
            engine.dispose()


def checked_vault(engine: Engine, settings: Settings) -> Vault:
    """The keys, when they are those that this database's pseudonyms were made with.

    Raises:
        Refused: `database_behind`, `database_ahead`, `wrong_secret_key`, `time_zone_fixed`.
    """
    vault = load_vault(settings)
    with transaction(engine) as session:
        check_revision(session.connection())
        session.execute(
            text("INSERT INTO fact VALUES ('secret_key', :print) ON CONFLICT (name) DO NOTHING"),
            {"print": vault.fingerprint},
        )
        facts: dict[str, str] = {
            name: value for name, value in session.execute(text("SELECT name, value FROM fact"))
        }
    if facts["secret_key"] != vault.fingerprint:
        raise Refused(
            "wrong_secret_key",
            "This database was filled with another secret key: restore that key, or set KOPECK_SECRET_KEY.",
        )
    if facts["time_zone"] != settings.time_zone:
        raise Refused(
            "time_zone_fixed",
            f"The database counts days of {facts['time_zone']}: set KOPECK_TIME_ZONE={facts['time_zone']}.",
        )
    return vault


def check_database(settings: Settings, app_url: str) -> None:
    """See that the children can use it; no connection of this look is left for them to inherit."""
    engine = make_engine(app_url, settings.time_zone)
    try:
        checked_vault(engine, settings)
    finally:
        engine.dispose()
