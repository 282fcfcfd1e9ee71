"""Differences between our books, the provider's and the bank's: kept while they are there, and what they stop."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound, Unavailable
from core.ids import key_of, public_id
from core.money import MICROS, Money
from payouts.bank_tables import difference

RETRY_AFTER = 300  # seconds; a person has to look first
_d = difference.c
_OPEN = _d.resolved_at.is_(None)


@dataclass(frozen=True, slots=True)
class Found:
    """A difference as a reconciliation sees it. `since`: it has been one at least from then."""

    kind: str
    subject: str
    currency: str
    amount: int
    detail: str
    since: datetime | None = None


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
        Unavailable: `reconciliation_open`, an open difference of that currency is above the limit.
    """
    over = select(difference).where(_OPEN, _d.currency == currency, func.abs(_d.amount) > limit * MICROS)
    row = session.execute(over.order_by(_d.id).limit(1)).one_or_none()
    if row is None:
        return
    public = public_id("dif", row.id, row.found_at)
    raise Unavailable(
        "reconciliation_open",
        f"Payouts in {currency} are stopped: difference {public}, {row.kind}: {row.subject}, {row.detail}. Look into it"
        " (docs/runbook.md), then resolve it with a reason (POST /v1/reconciliation/{id}/resolve).",
        retry_after=RETRY_AFTER,
        difference=public,
    )


def keep_differences(
    session: Session, found: Sequence[Found], checked: Collection[str], now: datetime
) -> tuple[int, int]:
    """Keep what was found; of the kinds that were checked, what is open and was not found is over. How many are new,
    how many are over.

    What a person has resolved is not opened again while it is just the same.
    """
    decided = _decided(session, found)
    rows = [each for each in found if (each.kind, each.subject, each.amount) not in decided]
    new = sum(_keep(session, each, now) for each in rows)
    over = update(difference).where(_OPEN, _d.kind.in_(checked), _d.seen_at < now)
    gone = session.execute(over.values(resolved_at=now, reason="gone by itself").returning(_d.id)).all()
    return new, len(gone)


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


def _decided(session: Session, found: Sequence[Found]) -> set[tuple[str, str, int]]:
    """What of it a person has resolved, and nobody has seen gone or other since."""
    subjects = [each.subject for each in found]
    latest = (
        select(_d.kind, _d.subject, _d.amount, _d.resolved_by)
        .ext(distinct_on(_d.kind, _d.subject))
        .where(_d.subject.in_(subjects))
        .order_by(_d.kind, _d.subject, _d.id.desc())
    )
    return {(row.kind, row.subject, row.amount) for row in session.execute(latest) if row.resolved_by}


def _keep(session: Session, each: Found, now: datetime) -> bool:
    values = {"amount": each.amount, "detail": each.detail[:1000], "seen_at": now}
    row = {"kind": each.kind, "subject": each.subject, "currency": each.currency} | values
    kept = (
        insert_or(difference)
        .values(found_at=min(each.since or now, now), **row)
        .on_conflict_do_update(
            index_elements=["kind", "subject"], index_where=text("resolved_at IS NULL"), set_=values
        )
        .returning(text("xmax = 0"))
    )
    return bool(session.scalar(kept))
