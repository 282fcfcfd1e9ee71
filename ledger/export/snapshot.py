"""One view of the books from the first byte of an export to its last."""

from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.engine import Result
from sqlalchemy.orm import Session

_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
ROWS = 2000  # fetched at once from a cursor on the server


def open_snapshot(session: Session) -> None:
    """Make a fresh session's transaction one snapshot that only reads and may take its time.

    The rows are read to the end, which a cursor's planner does not expect: it would look up each posting's account
    by itself to have the first row soon.
    """
    session.connection(execution_options=_SNAPSHOT)
    for setting in ("statement_timeout = 0", "cursor_tuple_fraction = 1", "work_mem = '64MB'"):
        session.execute(text(f"SET LOCAL {setting}"))


def stream(session: Session, query: TextClause, **given: Any) -> Result[Any]:
    """Rows through a cursor on the server: as many in memory as `ROWS`, however many there are.

    Of a statement that is text the library takes the option for the cursor alone: without the call, `partitions()`
    would be one of all rows.
    """
    return session.execute(query, given, execution_options={"yield_per": ROWS}).yield_per(ROWS)


def count_postings(session: Session) -> int:
    """How many postings an export of everything will hold."""
    found: Row[Any] = session.execute(text("SELECT coalesce(sum(posting_count), 0) FROM entry")).one()
    return int(found[0])
