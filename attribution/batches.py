"""Look up batches of events."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from attribution.tables import event_batch
from core.errors import NotFound
from core.ids import key_of, public_id

LAST = 2**62


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was answered; `errors` are the first thousand."""

    id: str
    source: str
    received_at: datetime
    accepted: int
    duplicates: int
    conflicts: int
    parked: int
    rejected: int
    errors: list[dict[str, Any]]
    tallied_at: datetime | None


def get_batch(session: Session, batch: str) -> Batch:
    """The batch of a public id.

    Raises:
        NotFound: `not_found`.
    """
    row = session.execute(select(event_batch).where(event_batch.c.id == key_of("bat", batch))).one_or_none()
    if row is None or public_id("bat", row.id, row.received_at) != batch:
        raise NotFound("not_found", "No such batch.")
    return _batch(row)


def list_batches(session: Session, limit: int = 100, cursor: int = LAST) -> tuple[list[Batch], int | None]:
    """Batches, newest first, and the cursor of the next page."""
    rows = session.execute(
        select(event_batch)
        .where(event_batch.c.id < cursor)
        .order_by(event_batch.c.id.desc())
        .limit(limit + 1)
    ).all()
    page = rows[:limit]
    return [_batch(row) for row in page], page[-1].id if len(rows) > limit else None


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        id=public_id("bat", row.id, row.received_at),
        source=row.source,
        received_at=row.received_at,
        accepted=row.accepted,
        duplicates=row.duplicates,
        conflicts=row.conflicts,
        parked=row.parked,
        rejected=row.rejected,
        errors=row.errors,
        tallied_at=row.tallied_at,
    )
