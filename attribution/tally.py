"""Count the touches of new batches, and the qualified views of days that have ended."""

from datetime import datetime

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from attribution.turns import share_qualified, share_tallies
from core.database import sql
from core.settings import Settings

# For a day's views, or a million touches, to be hashed and sorted without a disk.
_ROOM = text("SET LOCAL work_mem = '128MB'")


def written(counted: str) -> TextClause:
    """The statement that brings the touches of `<counted>.sql` into the tallies."""
    return text(sql("attribution", "tally_write").text.replace("{counted}", sql("attribution", counted).text))


def tally(session: Session, limit_batches: int = 200) -> int:
    """Add the touches of at most so many batches to the tallies; how many batches there were.

    Two talliers take different batches and write in key order, so they wait for each other and no more.
    """
    share_tallies(session)
    claimed = session.execute(sql("attribution", "tally_claim"), {"limit": limit_batches}).all()
    with_touches = [row for row in claimed if row.first_at is not None]
    if with_touches:
        session.execute(_ROOM)
        session.execute(
            written("tally_add"),
            {
                "judge": True,
                "batches": [row.id for row in with_touches],
                "first": min(row.id for row in with_touches),
                "last": max(row.id for row in with_touches),
                "first_at": min(row.first_at for row in with_touches),
                "last_at": max(row.last_at for row in with_touches),
            },
        )
    return len(claimed)


def summarize(session: Session) -> None:
    """Let the index of touches by batch know the newest rows of today and yesterday, where a feed writes."""
    session.execute(text("SELECT touch_summarize(current_date - 1), touch_summarize(current_date)"))


def qualify(session: Session, now: datetime, settings: Settings) -> int:
    """Count the qualified views of the oldest ended day that needs it; how many tallies were counted.

    Call it until it answers 0. The tallies are locked before the touches are read: a batch tallied meanwhile either
    is seen, or finds the lock and makes its tally stale again.
    """
    share_qualified(session)
    today = now.astimezone(settings.zone).date()
    stale = session.execute(sql("attribution", "qualify_lock"), {"today": today}).all()
    if stale:
        day = {"contents": [row.content for row in stale], "day": stale[0].day}
        session.execute(_ROOM)
        session.execute(sql("attribution", "qualify_read"), {**day, "minimum": settings.minimum_watch_ms})
        session.execute(sql("attribution", "qualify_count"), day)
        session.execute(text("DROP TABLE qualified"))
    return len(stale)
