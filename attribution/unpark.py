"""Take up the events that waited for a reference, once the catalog or a purchase brought it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from attribution.ingest import write_staged
from attribution.partitions import make_partitions
from core.database import sql
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Unparked:
    """How many were taken up, and what became of them; `dropped` touches had waited too long."""

    taken: int
    accepted: int
    duplicates: int
    conflicts: int
    rejected: int
    dropped: int


_STAGED = text(
    "SELECT count(*) FILTER (WHERE kind IN (1, 2)) AS touches, count(*) FILTER (WHERE kind = 3) AS purchases,"
    " count(*) FILTER (WHERE kind = 4) AS refunds, min(occurred_at) FILTER (WHERE kind IN (1, 2)) AS first_at,"
    " max(occurred_at) FILTER (WHERE kind IN (1, 2)) AS last_at FROM staged"
)
_MISSING = text(
    "SELECT day FROM (SELECT DISTINCT CAST(occurred_at AS date) AS day FROM staged WHERE kind IN (1, 2)) days"
    " WHERE to_regclass('touch_' || to_char(day, 'YYYYMMDD')) IS NULL ORDER BY day"
)


def unpark(session: Session, now: datetime, settings: Settings, limit: int = 20_000) -> Unparked:
    """One batch of at most `limit` parked events whose references exist, then drop the touches that waited too long.

    Call it until `taken` is 0: a purchase that is taken up may free its refunds. Two unparkers take different rows.
    """
    session.execute(sql("attribution", "stage"))
    session.execute(text("DELETE FROM staged"))
    session.execute(sql("attribution", "unpark_stage"), {"limit": limit})
    staged = session.execute(_STAGED).one()
    taken = staged.touches + staged.purchases + staged.refunds
    counts = (0, 0, 0, 0)
    if taken:
        if missing := session.scalars(_MISSING).all():
            make_partitions(session, missing)
        result = write_staged(
            session, staged[:3], (staged.first_at, staged.last_at), source="parked", now=now
        )
        session.execute(sql("attribution", "unpark_close"))
        counts = (result.accepted, result.duplicates, result.conflicts, result.rejected)
    before = now - timedelta(hours=settings.parked_hours)
    dropped = cast(
        "CursorResult[Any]", session.execute(sql("attribution", "unpark_drop"), {"before": before})
    )
    return Unparked(taken, *counts, dropped=dropped.rowcount)
