"""A lock that lives as long as its connection.

A session's advisory lock is let go by PostgreSQL itself when its process dies or its connection breaks, so nobody
has to clean up after a `kill -9`. A holder that is frozen, or whose machine vanished without a word, keeps its
connection; so the session also ends when no statement came for `idle` seconds. The connection is taken out of the pool for good: it would otherwise carry the
lock back there, and long holders would starve the pool.
"""

from contextlib import suppress
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.database import translate

_IDLE = text("SELECT set_config('idle_session_timeout', :idle, false)")
_TRY = text("SELECT pg_try_advisory_lock(hashtextextended('kopeck ' || :name, 0))")

_LET_GO = text("SELECT pg_advisory_unlock_all()")


class Hold:
    """The right to do the one thing called `name` in this database, once `take` said yes."""

    def __init__(self, engine: Engine, name: str, idle: float) -> None:
        self._engine = engine
        self._name = name
        self._idle = f"{max(1, int(idle * 1000))}ms"
        self._connection: Connection | None = None

    def __enter__(self) -> "Hold":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    @property
    def held(self) -> bool:
        """As far as we know: a broken connection is noticed at the next statement."""
        return self._connection is not None

    def take(self) -> bool:
        """Try once, on a new connection; False when somebody else holds it.

        Raises:
            Unavailable: the database does not answer.
        """
        try:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except DBAPIError as error:
            raise translate(error) from error
        connection.detach()
        self._connection = connection
        try:
            self.execute(_IDLE, idle=self._idle)
            taken = bool(self.execute(_TRY, name=self._name).scalar())
        except BaseException:
            self.drop()
            raise
        if not taken:
            self.drop()
        return taken

    def execute(self, statement: TextClause, **values: Any) -> CursorResult[Any]:
        """Run one statement, committed when this returns, on the connection that holds the lock.

        So a statement that succeeds proves that the lock was ours.
        """
        assert self._connection is not None, "the lock is not held"
        try:
            return self._connection.execute(statement, values)
        except DBAPIError as error:
            raise translate(error) from error

    def drop(self) -> None:
        """Let go in so many words, then end the connection: its end alone is noticed a moment later."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.execute(_LET_GO)
            with suppress(SQLAlchemyError):
                connection.close()
