"""Runs and payouts as the rest of Kopeck sees them, and their locks.

Everything that moves a payout locks its run first, then the payout, then (in the ledger) balances in account order:
one order for all, so nobody waits in a ring, and whoever ends a run sees every one of its payouts.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Row, Select, cast, exists, literal, select, text, update
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import key_of, public_id
from core.money import Money
from payouts.tables import payout, payout_run

PROVIDERS = ("manual", "stripe", "bank")
UNFINISHED = ("reserved", "sending", "unknown", "sent", "held")


@dataclass(frozen=True, slots=True)
class Run:
    """A batch for approval; `payout_count` and `total` leave out its cancelled payouts."""

    id: str
    currency: str
    provider: str
    until: date | None
    creators: list[str] | None
    state: str
    drafted_by: str
    approved_by: str | None
    confirmed_by: str | None
    approved_at: datetime | None
    cancelled_by: str | None
    payout_count: int
    total: Money
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Payout:
    """One creator's payment in a run."""

    id: str
    run: str
    creator: str
    amount: Money
    tax: Money
    tax_kind: str | None
    reversed: Money
    state: str
    hold_reason: str | None
    held_by: str | None
    tax_status: str
    reference: str | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    settled_by: str | None


def run_of(row: Row[Any]) -> Run:
    """The run that a row of `payout_run` is."""
    return Run(
        public_id("run", row.id, row.created_at),
        row.currency,
        row.provider,
        row.until,
        row.creators,
        row.state,
        row.drafted_by,
        row.approved_by,
        row.confirmed_by,
        row.approved_at,
        row.cancelled_by,
        row.payout_count,
        Money(row.total, row.currency),
        row.created_at,
    )


def payout_of(row: Row[Any]) -> Payout:
    """The payout that a row of `payouts()` is."""
    return Payout(
        public_id("po", row.id, row.created_at),
        public_id("run", row.run_id, row.run_created_at),
        row.creator,
        Money(row.amount, row.currency),
        Money(row.tax, row.currency),
        row.tax_kind,
        Money(row.reversed, row.currency),
        row.state,
        row.hold_reason,
        row.held_by,
        row.tax_status,
        row.reference,
        row.created_at,
        row.sent_at,
        row.settled_at,
        row.settled_by,
    )


def payouts() -> Select[Any]:
    """Payouts with their run's provider and what its public id is made of."""
    run = payout_run.c
    chosen = select(payout, run.created_at.label("run_created_at"), run.provider)
    return chosen.join(payout_run, run.id == payout.c.run_id)


def find_run(session: Session, run_id: str, *, lock: bool = False) -> Row[Any]:
    """The row of a run.

    Raises:
        NotFound: `not_found`.
    """
    query = select(payout_run).where(payout_run.c.id == key_of("run", run_id))
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or public_id("run", row.id, row.created_at) != run_id:
        raise NotFound("not_found", "No such payout run.")
    return row


def find_payout(session: Session, payout_id: str, *, lock: bool = False) -> Row[Any]:
    """The row of a payout; locked, when asked, after its run.

    Raises:
        NotFound: `not_found`.
    """
    query = payouts().where(payout.c.id == key_of("po", payout_id))
    row = session.execute(query).one_or_none()
    if row is None or public_id("po", row.id, row.created_at) != payout_id:
        raise NotFound("not_found", "No such payout.")
    if not lock:
        return row
    session.execute(select(payout_run.c.id).where(payout_run.c.id == row.run_id).with_for_update())
    return session.execute(query.with_for_update(of=payout)).one()


def change_payout(session: Session, row: Row[Any], **values: object) -> Payout:
    """Write to a locked payout and answer it as it now is."""
    session.execute(update(payout).where(payout.c.id == row.id).values(**values))
    return payout_of(session.execute(payouts().where(payout.c.id == row.id)).one())


def end_run(session: Session, run_key: int) -> None:
    """A run whose payouts are all final is `done`; one that has lost them all before sending is `cancelled`.

    The caller holds the run's lock, so that of two who settle the last two payouts the later one sees both.
    """
    this, count = payout_run.c.id == run_key, payout_run.c.payout_count
    waiting = exists().where(payout.c.run_id == payout_run.c.id, payout.c.state.in_(UNFINISHED))
    session.execute(
        update(payout_run).where(this, payout_run.c.state == "sending", ~waiting).values(state="done")
    )
    early = payout_run.c.state.in_(("draft", "approved"))
    session.execute(update(payout_run).where(this, early, count == 0).values(state="cancelled"))


def day_of(session: Session, moment: datetime) -> date:
    """The day of the service's time zone (the session's) on which a moment falls."""
    return session.scalars(select(cast(literal(moment, TIMESTAMP(timezone=True)), Date))).one()


def for_many_rows(session: Session) -> None:
    """Prepare this transaction for statements over many thousand rows: compiling one costs more than it saves, and a
    large run takes its time.

    The ledger's functions choose their plans themselves. A setting for all plans here would reach foreign keys, too,
    whose check would then be planned anew for every row, which took half of a run's time.
    """
    session.execute(text("SET LOCAL jit = off"))
    session.execute(text("SET LOCAL statement_timeout = '300s'"))
