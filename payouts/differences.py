"""Differences between our books, the provider's and the bank's: what they stop, and how people read and resolve them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound, Unavailable
from core.ids import key_of, public_id
from core.money import MICROS, Money
from payouts.bank_tables import difference

RETRY_AFTER = 300  # seconds; a person has to look first
_d = difference.c
_OPEN = _d.resolved_at.is_(None)


@dataclass(frozen=True, slots=True)
class Difference:
    """`amount` is signed as its kind says; `age_days` counts from `found_at` to now or to when it was resolved."""

    id: str
    kind: str
    subject: str
    amount: Money
    detail: str
    found_at: datetime
    seen_at: datetime
    age_days: int
    resolved_at: datetime | None
    resolved_by: str | None
    reason: str | None


def stopped_currencies(session: Session, limit: int) -> set[str]:
    """Currencies of which nothing leaves: an open difference is above `limit` whole units."""
    over = select(_d.currency).distinct().where(_OPEN, func.abs(_d.amount) > limit * MICROS)
    return set(session.scalars(over))


def refuse_if_differs(session: Session, currency: str, limit: int) -> None:
    """Called by whoever lets money of a currency leave (sending, making a bank file), before it leaves: `limit` is the
    setting `reconciliation_limit`, in whole units. Facts from outside are recorded all the same.

    Raises:
        Unavailable: `reconciliation_open`, an open difference of that currency is above the limit. It does not tell the
            difference's detail, which may quote a statement, for jobs log what stops them.
    """
    over = select(difference).where(_OPEN, _d.currency == currency, func.abs(_d.amount) > limit * MICROS)
    row = session.execute(over.order_by(_d.id).limit(1)).one_or_none()
    if row is None:
        return
    public = public_id("dif", row.id, row.found_at)
    raise Unavailable(
        "reconciliation_open",
        f"Payouts in {currency} are stopped: difference {public}, {row.kind}: {row.subject}. Look into it"
        " (docs/runbook.md), then resolve it with a reason (POST /v1/reconciliation/{id}/resolve).",
        retry_after=RETRY_AFTER,
        difference=public,
    )


def resolve_difference(
    session: Session, difference_id: str, reason: str, person: str, now: datetime
) -> Difference:
    """A person says why it is none, or what was done about it; it stops nothing any more.

    Raises:
        NotFound: `not_found`.
        Conflict: `already_resolved`.
    """
    row = session.execute(
        select(difference).where(_d.id == key_of("dif", difference_id)).with_for_update()
    ).one_or_none()
    if row is None or public_id("dif", row.id, row.found_at) != difference_id:
        raise NotFound("not_found", "No such difference.")
    if row.resolved_at is not None:
        raise Conflict("already_resolved", f"It was resolved by {row.resolved_by or 'itself'}.")
    done = (
        update(difference).where(_d.id == row.id).values(resolved_at=now, resolved_by=person, reason=reason)
    )
    return difference_of(session.execute(done.returning(difference)).one(), now)


def list_differences(
    session: Session,
    now: datetime,
    *,
    state: str | None = "open",
    limit: int = 100,
    before: int | None = None,
) -> list[tuple[int, Difference]]:
    """Differences with their keys, newest first; `state`: open, resolved, or None for both."""
    query = select(difference).order_by(_d.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_OPEN if state == "open" else ~_OPEN)
    if before is not None:
        query = query.where(_d.id < before)
    return [(row.id, difference_of(row, now)) for row in session.execute(query)]


def difference_of(row: Row[Any], now: datetime) -> Difference:
    return Difference(
        public_id("dif", row.id, row.found_at),
        row.kind,
        row.subject,
        Money(row.amount, row.currency),
        row.detail,
        row.found_at,
        row.seen_at,
        max(((row.resolved_at or now) - row.found_at).days, 0),
        row.resolved_at,
        row.resolved_by,
        row.reason,
    )
