"""The door for events: a body comes in, a batch stands in the database."""

from contextlib import nullcontext
from datetime import datetime
from threading import BoundedSemaphore

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from attribution.decode import decode_json, decode_ndjson
from attribution.ingest import BatchResult, ingest
from attribution.partitions import ensure_partitions
from attribution.staging import Decoded
from core.database import transaction
from core.errors import Invalid, Unavailable
from core.secrets import Vault
from core.settings import Settings

_WAITING = text(
    "SELECT count(*) FROM (SELECT FROM event_batch WHERE tallied_at IS NULL LIMIT CAST(:enough AS bigint)) waiting"
)
# So many heavy bodies at a time in a process: their rows take several times what they do, and more at once are no faster.
HEAVY = 2 * 1024 * 1024
_heavy = BoundedSemaphore(2)
_READERS = {"application/json": decode_json, "application/x-ndjson": decode_ndjson}


def receive(
    engine: Engine,
    body: bytes,
    content_type: str,
    *,
    source: str,
    now: datetime,
    settings: Settings,
    vault: Vault,
    backfill: bool = False,
) -> BatchResult:
    """Decode a body and store its events; when this returns they are on disk.

    Raises:
        Invalid: `bad_content_type`, and what `attribution.decode` raises for a body as a whole.
        Unavailable: `too_many_batches`, the tally lags too far behind.
    Nothing is tried again here: sent twice, a body is booked once.
    """
    reader = _READERS.get(content_type.partition(";")[0].strip().lower())
    if reader is None:
        raise Invalid("bad_content_type", f"Events come as {' or '.join(_READERS)}.")
    refuse_when_behind(engine, settings)
    with _heavy if len(body) > HEAVY else nullcontext():
        decoded = reader(body, now=now, settings=settings, vault=vault, backfill=backfill)
        del body
        return store(engine, decoded, source=source, now=now, settings=settings)


def store(engine: Engine, decoded: Decoded, *, source: str, now: datetime, settings: Settings) -> BatchResult:
    """The decoded rows as one batch, in one transaction."""
    ensure_partitions(engine, decoded.days(settings.zone))
    with transaction(engine) as session:
        return ingest(session, decoded, source=source, now=now)


def refuse_when_behind(engine: Engine, settings: Settings) -> None:
    """Push back before work is done for a body that cannot be stored.

    Raises:
        Unavailable: `too_many_batches`.
    """
    with transaction(engine) as session:
        if untallied(session, settings.batch_backlog) >= settings.batch_backlog:
            raise Unavailable(
                "too_many_batches", "Events arrive faster than they are counted.", retry_after=5
            )


def untallied(session: Session, enough: int) -> int:
    """How many batches wait for the tally, counted up to `enough`."""
    return int(session.execute(_WAITING, {"enough": enough}).scalar_one())
