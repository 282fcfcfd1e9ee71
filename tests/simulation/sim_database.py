"""The seed's database, put back between seeds, and the moments at which its connections are cut."""

from typing import Any

import api_rewind
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import OperationalError

from core.database import make_engine

ZONE = "Europe/Moscow"
_OURS = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'kopeck'"
)
_ONE = text("SELECT pg_terminate_backend(:pid, 2000)")


class Database:
    """A migrated database. `first` and `second` are two processes of the service, `owner` sees and cuts."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.first = make_engine(url, ZONE, pool_size=8)
        self.second = make_engine(url, ZONE, pool_size=8)
        self.owner = create_engine(
            url, isolation_level="AUTOCOMMIT", connect_args={"options": f"-c timezone={ZONE}"}
        )
        self._seeing = self.owner.connect()
        self.cut = ""  # which moment comes next: statement, before_commit, after_commit
        self.countdown = 0
        for engine in (self.first, self.second):
            event.listen(engine, "before_cursor_execute", self._statement)
            event.listen(engine, "commit", self._commit)
        api_rewind.keep(url)

    def rows(self, query: str, values: dict[str, Any]) -> list[Any]:
        """What stands there now, seen by nobody's transaction."""
        return list(self._seeing.execute(text(query), values))

    def rewind(self) -> None:
        self.cut = ""
        api_rewind.restore(self.url)

    def cut_later(self, moment: str, countdown: int) -> None:
        self.cut, self.countdown = moment, countdown

    def cut_all(self) -> None:
        """Every connection that lies idle ends; the pools find out when they use one."""
        with self.owner.connect() as connection:
            connection.execute(_OURS)

    def close(self) -> None:
        self._seeing.close()
        for engine in (self.first, self.second, self.owner):
            engine.dispose()

    def _due(self, moment: str) -> bool:
        if not self.cut.startswith(moment):
            return False
        self.countdown -= 1
        if self.countdown > 0:
            return False
        self.cut = ""
        return True

    def _statement(self, connection: Connection, *_: Any) -> None:
        if self._due("statement"):
            self._end(connection)

    def _commit(self, connection: Connection) -> None:
        if self.cut == "before_commit" and self._due("before_commit"):
            self._end(connection)
        elif self.cut == "after_commit" and self._due("after_commit"):
            connection.connection.dbapi_connection.commit()  # done, and nobody is told
            lost = ConnectionError("the answer to COMMIT was lost")
            raise OperationalError("COMMIT", {}, lost, connection_invalidated=True)

    def _end(self, connection: Connection) -> None:
        pid = connection.connection.dbapi_connection.get_backend_pid()
        with self.owner.connect() as other:
            other.execute(_ONE, {"pid": pid})
