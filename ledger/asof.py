"""When a question about the books is asked for: now, the end of a day of the books, or a moment of recording.

A moment is answered by the last watermark taken at or before it, which holds what was visible then. The clocks of
entries are never asked: a transaction that began before the moment may have been committed long after it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid, NotFound
from core.money import Money
from ledger.read import require_account
from ledger.tables import balance, period_close, posting, watermark


@dataclass(frozen=True, slots=True)
class AsOf:
    """`final`: no later answer will differ. A moment before anything was recorded has no watermark."""

    day: date | None = None
    moment: datetime | None = None
    watermark: int | None = None
    taken_at: datetime | None = None
    final: bool = False


NOW = AsOf()


def end_of(session: Session, day: date) -> AsOf:
    """By the end of a day of the books."""
    return AsOf(day=day, final=is_closed(session, day))


def is_closed(session: Session, day: date) -> bool:
    """Can nothing be booked on this day, or before it, any more?"""
    closed = session.scalar(select(func.max(period_close.c.through)))
    return closed is not None and day <= closed


def at_moment(session: Session, moment: datetime, now: datetime) -> AsOf:
    """What was recorded by a moment.

    Raises:
        Invalid: `moment_in_future`.
        NotFound: `no_watermark`, none is as old, though there may have been entries.
    """
    if moment > now:
        raise Invalid("moment_in_future", "What will be recorded by a moment in the future is not known yet.")
    c = watermark.c
    query = select(c.n, c.taken_at)
    before, after = (c.taken_at.desc(), c.n.desc()), (c.taken_at, c.n)
    found = session.execute(query.where(c.taken_at <= moment).order_by(*before).limit(1)).one_or_none()
    later = session.execute(query.where(c.taken_at > moment).order_by(*after).limit(1)).one_or_none()
    if found is not None:
        return AsOf(None, moment, found.n, found.taken_at, final=later is not None)
    if _anything(session, later and later.n):
        first = f"the first is of {later.taken_at.isoformat()}" if later else "there is none yet"
        raise NotFound("no_watermark", f"No watermark is as old ({first}): ask for a day of the books.")
    return AsOf(moment=moment, final=later is not None)


def _anything(session: Session, watermark_n: int | None) -> bool:
    """Did the first watermark see an entry? Without one: is there any?"""
    return bool(session.scalar(sql("ledger", "trial_any"), {"watermark": watermark_n}))


def balance_at(session: Session, code: str, currency: str | None, at: AsOf) -> tuple[str, Money]:
    """An account's code and balance (debit positive). Without a currency: its only one, or the first by name.

    Raises:
        NotFound: no such account.
    """
    found = require_account(session, code, currency)
    return found.code, Money(_micros(session, found.id, at), found.currency)


def _micros(session: Session, account_id: int, at: AsOf) -> int:
    if at.day is not None:
        return int(session.scalar(select(func.ledger_balance_on(account_id, at.day))) or 0)
    if at.moment is None:
        return int(session.scalar(select(balance.c.balance).where(balance.c.account_id == account_id)) or 0)
    if at.watermark is None:
        return 0
    version = select(func.ledger_version_at(account_id, at.watermark)).scalar_subquery()
    query = select(posting.c.balance).where(posting.c.account_id == account_id, posting.c.version == version)
    return int(session.scalar(query) or 0)
