"""Close a day or a month: what the books answer about it never changes again."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound, Refused
from ledger.tables import period_close

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ledger.close'))")
_CLOSINGS = select(
    period_close.c.period,
    period_close.c.through,
    period_close.c.last_entry,
    period_close.c.closed_by,
    period_close.c.closed_at,
)


@dataclass(frozen=True, slots=True)
class Closing:
    """Everything up to the end of `through` is closed; entries of those days have ids up to `last_entry`."""

    period: str
    through: date
    last_entry: int
    closed_by: str
    closed_at: datetime


def last_day(period: str) -> date:
    """The last day of `2026-10` or `2026-10-31`.

    Raises:
        Invalid: `bad_period`.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}", period, re.ASCII):
            first = date.fromisoformat(f"{period}-01")
            return first.replace(day=calendar.monthrange(first.year, first.month)[1])
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period, re.ASCII):
            return date.fromisoformat(period)
    except ValueError:
        pass
    raise Invalid("bad_period", "A period is a month (2026-10) or a day (2026-10-31).")


def close_period(session: Session, period: str, by: str, today: date, now: datetime) -> Closing:
    """Close a period that has ended, and all days before it.

    Waits for the entries under way, and lets those that come wait; what they would book on a closed day goes to the
    first open one.

    Raises:
        Invalid: `bad_period`, `bad_person`.
        Refused: `period_not_ended`, `period_closed`.
        Unavailable (from the database): entries under way took longer than the lock's time limit; try again.
    """
    through = last_day(period)
    if not by.strip() or len(by) > 200 or "\0" in by:
        raise Invalid("bad_person", "A closing names the person who closes.")
    if through >= today:
        raise Refused(
            "period_not_ended", f"{period} has not ended yet: a day can be closed from the day after."
        )
    session.execute(_LOCK)
    closed = session.scalar(select(func.max(period_close.c.through)))
    if closed is not None and closed >= through:
        raise Refused("period_closed", f"Everything up to {closed} is closed already.")
    values = {"through": through, "period": period, "closed_by": by.strip(), "closed_at": now}
    # The database itself says which entries it closes, whoever writes the row.
    last_entry = session.scalars(
        insert(period_close).values(values).returning(period_close.c.last_entry)
    ).one()
    return Closing(period, through, last_entry, by.strip(), now)


def list_closings(session: Session, limit: int | None = None, before: date | None = None) -> list[Closing]:
    """Closings, the newest first; without a limit all of them."""
    query = _CLOSINGS.order_by(period_close.c.through.desc()).limit(limit)
    if before is not None:
        query = query.where(period_close.c.through < before)
    return [Closing(*row) for row in session.execute(query)]


def closing_of(session: Session, period: str) -> Closing:
    """The closing since which nothing is booked in a period any more: its own, or that of a later day.

    Raises:
        Invalid: `bad_period`.
        NotFound: the period is open.
    """
    c = period_close.c
    query = _CLOSINGS.where(c.through >= last_day(period)).order_by(c.through).limit(1)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("not_found", f"{period} is not closed.")
    return Closing(*row)
