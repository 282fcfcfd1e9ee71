"""Import a file of events, a transaction for every few thousand lines, while attribution waits."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from attribution.decode import decode_lines
from attribution.ingest import BatchResult
from attribution.receive import store
from attribution.staging import RowError
from core.database import transaction
from core.errors import Unavailable
from core.secrets import Vault
from core.settings import Settings

LINES = 5_000

_BEGIN = text(
    "INSERT INTO import_run (source, started_at, alive_at) VALUES (:source, :now, :now) RETURNING id"
)
_ALIVE = text("UPDATE import_run SET alive_at = :now WHERE id = :run AND ended_at IS NULL")
_END = text("UPDATE import_run SET alive_at = :now, ended_at = :now WHERE id = :run AND ended_at IS NULL")


@dataclass(slots=True)
class ImportCounts:
    """What an import did so far; `errors` are those of the last chunk, their indexes line numbers from 0."""

    lines: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    parked: int = 0
    rejected: int = 0
    errors: list[RowError] = field(default_factory=list)

    def add(self, lines: int, batch: BatchResult) -> None:
        self.lines += lines
        self.accepted += batch.accepted
        self.duplicates += batch.duplicates
        self.conflicts += batch.conflicts
        self.parked += batch.parked
        self.rejected += batch.rejected
        self.errors = batch.errors


def begin_import(session: Session, source: str, now: datetime) -> int:
    """Say that an import runs: attribution waits until it ends, or gives no sign of life for two minutes."""
    return int(session.execute(_BEGIN, {"source": source, "now": now}).scalar_one())


def keep_alive(session: Session, run: int, now: datetime) -> None:
    session.execute(_ALIVE, {"run": run, "now": now})


def end_import(session: Session, run: int, now: datetime) -> None:
    session.execute(_END, {"run": run, "now": now})


def import_events(
    engine: Engine,
    lines: Iterable[bytes],
    *,
    source: str,
    clock: Callable[[], datetime],
    settings: Settings,
    vault: Vault,
    backfill: bool = False,
) -> Iterator[ImportCounts]:
    """Import NDJSON lines; yields the counts so far after every chunk, when it is on disk.

    An import that broke off is run again from the start: what stands is a duplicate. It does not push back when the
    tally lags: whoever imports sees to the tally. The run is marked as ended
    also when the caller stops listening (close the generator) or an error passes through.
    """
    counts = ImportCounts()
    source_lines = iter(lines)
    with transaction(engine) as session:
        run = begin_import(session, source, clock())
    try:
        while chunk := list(islice(source_lines, LINES)):
            now = clock()
            decoded = decode_lines(
                chunk, now=now, settings=settings, vault=vault, backfill=backfill, first_index=counts.lines
            )
            counts.add(len(chunk), store(engine, decoded, source=source, now=now, settings=settings))
            with transaction(engine) as session:
                keep_alive(session, run, now)
            yield counts
    finally:
        with suppress(Unavailable), transaction(engine) as session:
            end_import(session, run, clock())
