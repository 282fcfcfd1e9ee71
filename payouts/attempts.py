"""Plan the sending of an approved run at a provider with an API: an attempt for each of its payouts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from core.database import sql
from core.money import Money
from ledger.halt import refuse_if_halted
from payouts.send_tables import payout_attempt, reversal
from payouts.store import find_payout, for_many_rows
from payouts.tables import payout, payout_run

LIVE = ("ready", "claimed", "unknown")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, as people see it; `code` and `detail` say why it is unknown or was rejected."""

    number: int
    state: str
    calls: int
    first_sent_at: datetime | None
    next_at: datetime | None
    reference: str | None
    code: str | None
    detail: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money asked back from the provider."""

    number: int
    amount: Money
    reason: str
    asked_by: str
    state: str
    reference: str | None
    detail: str | None
    created_at: datetime


def plan_attempts(session: Session, now: datetime) -> int | None:
    """Plan one run of Stripe's that was approved, or what was released since in one; None when nothing waits.

    Whether a payout may still be sent is looked at when it is claimed, not here. A run that another worker or a
    canceller holds is skipped.

    Raises:
        Unavailable: `ledger_halted`; what waits goes when somebody has acknowledged the finding.
    """
    planned = exists().where(payout_attempt.c.payout_id == payout.c.id, payout_attempt.c.state.in_(LIVE))
    released = exists().where(payout.c.run_id == payout_run.c.id, payout.c.state == "reserved", ~planned)
    ready = or_(payout_run.c.state == "approved", and_(payout_run.c.state == "sending", released))
    waiting = select(payout_run).where(payout_run.c.provider == "stripe", ready)
    run = session.execute(
        waiting.order_by(payout_run.c.id).limit(1).with_for_update(skip_locked=True)
    ).one_or_none()
    if run is None:
        return None
    refuse_if_halted(session)
    for_many_rows(session)
    session.execute(update(payout_run).where(payout_run.c.id == run.id).values(state="sending"))
    return session.scalars(sql("payouts", "attempt_plan"), {"run": run.id, "now": now}).one()


def list_attempts(session: Session, payout_id: str, *, limit: int = 100, after: int = 0) -> list[Attempt]:
    """A payout's attempts after the number `after`, oldest first.

    Raises:
        NotFound: `not_found`.
    """
    row = find_payout(session, payout_id)
    a = payout_attempt.c
    found = select(payout_attempt).where(a.payout_id == row.id, a.number > after).order_by(a.number)
    return [_attempt(each) for each in session.execute(found.limit(limit))]


def list_reversals(session: Session, payout_id: str, *, limit: int = 100, after: int = 0) -> list[Reversal]:
    """What was asked back of a payout, oldest first; `number` counts them.

    Raises:
        NotFound: `not_found`.
    """
    row = find_payout(session, payout_id)
    found = select(reversal).where(reversal.c.payout_id == row.id).order_by(reversal.c.id)
    rows = session.execute(found.offset(after).limit(limit)).all()
    return [reversal_of(each, row.currency, number) for number, each in enumerate(rows, after + 1)]


def reversal_of(row: Row[Any], currency: str, number: int) -> Reversal:
    """The reversal that a row is, the so manieth of its payout."""
    return Reversal(
        number,
        Money(row.amount, currency),
        row.reason,
        row.asked_by,
        row.state,
        row.reference,
        row.detail,
        row.created_at,
    )


def _attempt(row: Row[Any]) -> Attempt:
    ended = row.ended_at is not None
    return Attempt(
        row.number,
        row.state,
        row.calls,
        row.first_sent_at,
        None if ended else row.next_at,
        row.reference,
        row.code,
        row.detail,
        row.created_at,
        row.ended_at,
    )
