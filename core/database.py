"""The engine, the session, the transaction.

Every connection takes the application's role (which cannot rewrite history), the service's time zone (so that
`occurred_at::date` is a day as the service means it) and its timeouts from the first moment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Engine, MetaData, TextClause, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid, KopeckError, Refused, Unavailable

APP_ROLE = "kopeck_app"

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def make_engine(
    url: str, time_zone: str, *, role: str | None = APP_ROLE, pool_size: int = 10, statement_seconds: int = 30
) -> Engine:
    """An engine whose connections are set up before their first statement.

    `role` None keeps the role that the URL logs in with (migrations). Timeouts bound what one stuck client can
    hold up: a lock is waited for 10 s, a statement runs `statement_seconds` (0: no limit).
    """
    options = {
        "timezone": time_zone,
        "statement_timeout": f"{statement_seconds}s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
        "client_encoding": "UTF8",
        "jit": "off",
    } | ({"role": role} if role else {})
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # they hold people's data, and errors are logged
        isolation_level="READ COMMITTED",
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            "connect_timeout": 5,
            "tcp_user_timeout": 30_000,  # milliseconds until a silent network counts as gone
            "application_name": "kopeck",
        },
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One database transaction: committed at the end, rolled back when anything is raised.

    Raises:
        KopeckError: what the database refused, in the words of `core.errors` (see `translate`).
    """
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    except DBAPIError as error:
        raise translate(error) from error
    except PoolTimeout as error:
        raise Unavailable(
            "too_busy", "All database connections are in use; try again.", retry_after=2
        ) from error


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """A part of a transaction that can fail alone, its refusals translated like a transaction's."""
    try:
        with session.begin_nested():
            yield
    except DBAPIError as error:
        raise translate(error) from error


# Codes that our own functions raise (class KP) and those of PostgreSQL that mean a refusal, not a fault.
_REFUSALS: dict[str, tuple[type[KopeckError], str]] = {
    "KP402": (Refused, "insufficient_funds"),
    "KP404": (Refused, "unknown_account"),
    "KP409": (Conflict, "key_reused"),
    "KP422": (Invalid, "unbalanced_entry"),
    "22003": (Invalid, "amount_too_large"),
    "23514": (Refused, "not_allowed"),
    "23505": (Conflict, "already_exists"),
}
_PASSING = ("08", "53", "57", "40", "55P03")  # connection, resources, operator, serialization, lock timeout


def translate(error: DBAPIError) -> Exception:
    """What a database error means to the caller; itself when it is a fault of ours."""
    original: Any = error.orig
    state = getattr(original, "pgcode", None) or ""
    if state in _REFUSALS:
        kind, code = _REFUSALS[state]
        own = state.startswith("KP")
        return kind(code, (original.diag.message_primary or "") if own else "")
    if error.connection_invalidated or not state or state.startswith(_PASSING):
        return Unavailable("database_unavailable", "The database does not answer at the moment; try again.")
    return error


@cache
def sql(package: str, name: str) -> TextClause:
    """The statement in `<package>/sql/<name>.sql`, read once."""
    return text(files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8"))
