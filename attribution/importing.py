"""Import a file of events, a transaction for every few thousand lines, while attribution waits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import Engine

from attribution.decode import decode_lines
from attribution.import_runs import advance, begin_import, end_import, finish, resume
from attribution.ingest import BatchResult, ingest
from attribution.partitions import ensure_partitions
from attribution.staging import Decoded, RowError
from core.database import transaction
from core.errors import Conflict, Unavailable
from core.secrets import Vault
from core.settings import Settings

LINES = 5_000
BYTES = 16 * 1024 * 1024  # of a chunk: however long the lines, memory stays what it is
OUTCOMES = ("accepted", "duplicates", "conflicts", "parked", "rejected")

Line = bytes | RowError
AnyLine = TypeVar("AnyLine", bound=Line)


@dataclass(slots=True)
class ImportCounts:
    """What an import did so far, with what it had done before it broke off: `resumed` lines. `errors` are those of the
    last chunk, their indexes line numbers from 0.
    """

    lines: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    parked: int = 0
    rejected: int = 0
    resumed: int = 0
    errors: list[RowError] = field(default_factory=list)

    def add(self, lines: int, batch: BatchResult) -> None:
        self.lines += lines
        for name in OUTCOMES:
            setattr(self, name, getattr(self, name) + getattr(batch, name))
        self.errors = batch.errors

    def outcomes(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in OUTCOMES}


def import_events(
    engine: Engine,
    lines: Iterable[Line],
    *,
    source: str,
    clock: Callable[[], datetime],
    settings: Settings,
    vault: Vault,
    backfill: bool = False,
    file: str | None = None,
    restart: bool = False,
) -> Iterator[ImportCounts]:
    """Import NDJSON lines; yields the counts so far after every chunk, when it is on disk.

    A line that its reader already refused comes as its `RowError`. With `file`, a name by which the file is known
    again, an import that broke off goes on after its last chunk, unless `restart` says otherwise; without, it begins
    at the start, and what stands is a duplicate. It does not push back when the tally lags: whoever imports sees to
    the tally. The run is marked as ended also when the caller stops listening (close the generator) or an error
    passes through.

    Raises:
        Conflict: `import_overtaken`, another process imports the same file.
    """
    with transaction(engine) as session:
        found = None if file is None or restart else resume(session, file, clock())
        run = found.id if found else begin_import(session, source, clock(), file)
    counts = ImportCounts(lines=found.lines, resumed=found.lines, **found.counts) if found else ImportCounts()
    overtaken = False
    try:
        for chunk in chunks(islice(lines, counts.lines, None), LINES):
            now = clock()
            decoded = _decode(chunk, counts.lines, now, settings, vault, backfill)
            ensure_partitions(engine, decoded.days(settings.zone))
            before = counts.lines
            with transaction(engine) as session:  # one for both: how far it came is never told wrong
                counts.add(len(chunk), ingest(session, decoded, source=source, now=now))
                advance(session, run, before, counts.lines, counts.outcomes(), now)
            yield counts
        with transaction(engine) as session:
            finish(session, run)
        if counts.resumed == counts.lines:
            yield counts  # it had broken off after its last line
    except Conflict:
        overtaken = True
        raise
    finally:
        if not overtaken:  # else it runs on in another process
            with suppress(Unavailable), transaction(engine) as session:
                end_import(session, run, clock())


def chunks(lines: Iterable[AnyLine], count: int) -> Iterator[list[AnyLine]]:
    """At most so many lines at a time, and not many more bytes than `BYTES`."""
    chunk: list[AnyLine] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line) if isinstance(line, bytes) else 0
        if len(chunk) == count or size >= BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _decode(
    chunk: Sequence[Line], first: int, now: datetime, settings: Settings, vault: Vault, backfill: bool
) -> Decoded:
    texts = (b"" if isinstance(line, RowError) else line for line in chunk)
    decoded = decode_lines(
        texts, now=now, settings=settings, vault=vault, backfill=backfill, first_index=first
    )
    decoded.errors += [line for line in chunk if isinstance(line, RowError)]
    return decoded
