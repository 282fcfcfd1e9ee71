"""How far each import came: attribution waits for one that runs, and one that broke off goes on."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Conflict

_BEGIN = text(
    "INSERT INTO import_run (source, started_at, alive_at, file) VALUES (:source, :now, :now, :file) RETURNING id"
)
_RESUME = text(
    "UPDATE import_run SET alive_at = :now, ended_at = NULL WHERE id = ("
    "SELECT id FROM import_run WHERE file = :file ORDER BY id DESC LIMIT 1) AND NOT whole AND lines > 0"
    " RETURNING id, lines, counts"
)
_ADVANCE = text(
    "UPDATE import_run SET alive_at = :now, lines = :lines, counts = CAST(:counts AS jsonb)"
    " WHERE id = :run AND lines = :before RETURNING id"
)
_FINISH = text("UPDATE import_run SET whole = true WHERE id = :run")
_END = text("UPDATE import_run SET alive_at = :now, ended_at = :now WHERE id = :run AND ended_at IS NULL")


class Begun(NamedTuple):
    """An import that broke off."""

    id: int
    lines: int
    counts: dict[str, Any]


def begin_import(session: Session, source: str, now: datetime, file: str | None = None) -> int:
    """Say that an import runs: attribution waits until it ends, or gives no sign of life for two minutes."""
    return int(session.execute(_BEGIN, {"source": source, "now": now, "file": file}).scalar_one())


def resume(session: Session, file: str, now: datetime) -> Begun | None:
    """Take up the last import of this file, if it did not come to the end of it."""
    row = session.execute(_RESUME, {"file": file, "now": now}).one_or_none()
    return Begun(*row) if row else None


def advance(
    session: Session, run: int, before: int, lines: int, counts: dict[str, int], now: datetime
) -> None:
    """The lines up to there are in the caller's transaction; also the sign of life.

    Raises:
        Conflict: `import_overtaken`, somebody else went on with this import.
    """
    values = {"run": run, "before": before, "lines": lines, "counts": json.dumps(counts), "now": now}
    if session.execute(_ADVANCE, values).one_or_none() is None:
        raise Conflict(
            "import_overtaken", "Another process imports this file: let it end, or start over with --restart."
        )


def finish(session: Session, run: int) -> None:
    """The end of the file was reached: the next import of it begins at the start."""
    session.execute(_FINISH, {"run": run})


def end_import(session: Session, run: int, now: datetime) -> None:
    session.execute(_END, {"run": run, "now": now})
