"""Adjustments as they stand: what a person books by hand, who asked for it, who decided, which entry it became."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import key_of, public_id
from core.money import Money
from ledger.post import Leg
from ledger.tables import adjustment, entry


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An entry by hand. `postings` None: not asked for. Nobody decided (`decided_by` None) and yet posted: it needed
    no second person. `decision`: why it was rejected."""

    id: str
    state: str
    postings: list[Leg] | None
    amount: Money
    currency: str
    reason: str
    corrects: str | None
    reverses: str | None
    effective_on: date
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None
    entry: str | None


_corrected, _made = entry.alias("corrected"), entry.alias("made")


def _adjustments(*, whole: bool) -> Select[Any]:
    """Adjustments and what their entries' public ids are made of. Not `whole`: without postings, often thousands."""
    columns = [column for column in adjustment.c if whole or column.name != "postings"]
    return (
        select(*columns, _corrected.c.recorded_at.label("corrected_at"), _made.c.recorded_at.label("made_at"))
        .outerjoin(_corrected, _corrected.c.id == adjustment.c.corrects)
        .outerjoin(_made, _made.c.id == adjustment.c.entry_id)
    )


def _adjustment(row: Row[Any], postings: list[Leg] | None) -> Adjustment:
    corrects = row.corrects and public_id("ent", row.corrects, row.corrected_at)
    return Adjustment(
        public_id("adj", row.id, row.proposed_at),
        row.state,
        postings,
        Money(row.amount, row.currency),
        row.currency,
        row.reason,
        corrects,
        corrects if row.reversal else None,
        row.effective_on,
        row.proposed_by,
        row.proposed_at,
        row.decided_by,
        row.decided_at,
        row.decision,
        row.entry_id and public_id("ent", row.entry_id, row.made_at),
    )


def read_adjustment(session: Session, key: int) -> Adjustment:
    """The adjustment of a key that exists."""
    row = session.execute(_adjustments(whole=True).where(adjustment.c.id == key)).one()
    return _adjustment(row, [Leg(account, Money(micros, row.currency)) for account, micros in row.postings])


def find_adjustment(
    session: Session, adjustment_id: str, *, lock: bool = False
) -> Row[int, str, str, datetime]:
    """What decides about an adjustment: its key, state, proposer.

    Raises:
        NotFound: `not_found`.
    """
    c = adjustment.c
    query = select(c.id, c.state, c.proposed_by, c.proposed_at).where(c.id == key_of("adj", adjustment_id))
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or public_id("adj", row.id, row.proposed_at) != adjustment_id:
        raise NotFound("not_found", "No such adjustment.")
    return row


def get_adjustment(session: Session, adjustment_id: str) -> Adjustment:
    """Raises:
    NotFound: `not_found`.
    """
    return read_adjustment(session, find_adjustment(session, adjustment_id).id)


def list_adjustments(
    session: Session, state: str | None, limit: int, before: int | None
) -> list[tuple[int, Adjustment]]:
    """Adjustments without their postings, with their keys, newest first."""
    query = _adjustments(whole=False).order_by(adjustment.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(adjustment.c.state == state)
    if before is not None:
        query = query.where(adjustment.c.id < before)
    return [(row.id, _adjustment(row, None)) for row in session.execute(query)]
