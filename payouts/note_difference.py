"""What differs between our books and what Stripe or the bank shows: a row, written by whoever meets it, once while it is
there. What to do about each kind stands in docs/runbook.md.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.orm import Session

from core.money import Money
from payouts.bank_tables import difference

Kind = Literal[
    "paid_here_not_there",
    "paid_there_not_here",
    "differs",
    "twice_there",
    "reversed_there_not_here",
    "reversed_unasked",
    "unknown_too_old",
    "sent_too_long",
    "unmatched_line",
    "statement_balance_differs",
    "event_failed",
    "key_refused",
    "idempotency_error",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Of these a payout that is settled after all is the cure.
CURED_BY_SETTLING: tuple[Kind, ...] = ("unknown_too_old", "twice_there", "differs", "idempotency_error")
NO_AMOUNT = Money(
    0, "XXX"
)  # ISO 4217's own code for no currency: of such a difference no currency is stopped
GONE = "gone by itself"
_d = difference.c
_OPEN = _d.resolved_at.is_(None)


@dataclass(frozen=True, slots=True)
class Found:
    """A difference as it is met. `since`: it has been one at least from then."""

    kind: Kind
    subject: str
    amount: Money
    detail: str
    since: datetime | None = None


def note_difference(session: Session, found: Found, now: datetime) -> bool:
    """Say it once; while it stays open it is only seen again, as it is now. True: it is new."""
    values = {"amount": found.amount.micros, "detail": found.detail[:1000], "seen_at": now}
    row = {"kind": found.kind, "subject": found.subject, "currency": found.amount.currency} | values
    kept = (
        insert_or(difference)
        .values(found_at=min(found.since or now, now), **row)
        .on_conflict_do_update(
            index_elements=["kind", "subject"], index_where=text("resolved_at IS NULL"), set_=values
        )
        .returning(text("xmax = 0"))
    )
    return bool(session.scalar(kept))


def end_differences(
    session: Session, kinds: Collection[Kind], subject: str, now: datetime, person: str | None = None
) -> None:
    """What was found about a subject is over, by itself or by a person's decision about the subject."""
    mine = update(difference).where(_OPEN, _d.subject == subject, _d.kind.in_(kinds))
    session.execute(mine.values(resolved_at=now, resolved_by=person, reason=None if person else GONE))


def keep_differences(
    session: Session, found: Sequence[Found], checked: Collection[Kind], now: datetime
) -> tuple[int, int]:
    """Keep what one look at everything found; of the kinds that were checked, what is open and was not found is over. How
    many are new, how many are over.

    What a person has resolved is not opened again while it is just the same.
    """
    decided = _decided(session, found)
    rows = [each for each in found if (each.kind, each.subject, each.amount.micros) not in decided]
    new = sum(note_difference(session, each, now) for each in rows)
    over = update(difference).where(_OPEN, _d.kind.in_(checked), _d.seen_at < now)
    gone = session.execute(over.values(resolved_at=now, reason=GONE).returning(_d.id)).all()
    return new, len(gone)


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
