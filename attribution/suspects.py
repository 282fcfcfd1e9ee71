"""Suspects: listed, and decided by a person. Confirmed ones stay out of what counts, cleared ones come back in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.orm import Session

from attribution.moves import count_again
from attribution.tables import VIEW, suspect
from attribution.turns import take_turn
from core.errors import Conflict, Invalid, NotFound
from core.ids import key_of, public_id

FIRST = -1
STATES = ("open", "confirmed", "cleared")
Decision = Literal["confirmed", "cleared"]
_MAY_DECIDE = 10_000
_KNOWN = text("SELECT EXISTS (SELECT FROM content WHERE id = :content)")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A touch that a rule doubts, and what a person made of it."""

    id: str
    event: str
    type: str
    occurred_at: datetime
    content: str
    product: str | None
    rule: str
    detail: str
    state: str
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """How many a decision took, and how many that it fits are still open."""

    decided: int
    left: int


def list_suspects(
    session: Session, state: str | None, rule: str | None = None, limit: int = 100, cursor: int = FIRST
) -> tuple[list[Suspect], int | None]:
    """Suspects, oldest first, and the cursor of the next page."""
    wanted = select(suspect).where(suspect.c.id > cursor).order_by(suspect.c.id).limit(limit + 1)
    if state:
        wanted = wanted.where(suspect.c.state == state)
    if rule:
        wanted = wanted.where(suspect.c.rule == rule)
    rows = session.execute(wanted).all()
    page = rows[:limit]
    return [_suspect(row) for row in page], page[-1].id if len(rows) > limit else None


def decide(
    session: Session, suspect_id: str, decision: Decision, reason: str, by: str, now: datetime
) -> Suspect:
    """Confirm or clear one.

    Raises:
        NotFound: `not_found`.
        Conflict: `already_decided`.
    """
    key = key_of("sus", suspect_id)
    if decision == "cleared":
        take_turn(session)
    row = session.execute(select(suspect).where(suspect.c.id == key).with_for_update()).one_or_none()
    if row is None or public_id("sus", row.id, row.found_at) != suspect_id:
        raise NotFound("not_found", "No such suspect.")
    if row.state != "open":
        raise Conflict("already_decided", f"This suspect is {row.state} already; a decision is final.")
    _decide(session, [key], decision, reason, by, now)
    return _suspect(session.execute(select(suspect).where(suspect.c.id == key)).one())


def decide_all(
    session: Session,
    decision: Decision,
    reason: str,
    by: str,
    now: datetime,
    *,
    rule: str | None = None,
    viewer: str | None = None,
    content: str | None = None,
    limit: int = _MAY_DECIDE,
) -> Decided:
    """Confirm or clear at most `limit` open ones of a rule, a viewer (its keyed hash) or a content, oldest first.

    Raises:
        Invalid: `nothing_named`, for none of the three: that would be all there are.
        NotFound: no such content.
    """
    named = {suspect.c.rule: rule, suspect.c.viewer: viewer, suspect.c.content: content}
    fits = [column == value for column, value in named.items() if value is not None]
    if not fits:
        raise Invalid("nothing_named", "Name a rule, a viewer or a content whose suspects are meant.")
    if content is not None and not session.scalar(_KNOWN, {"content": content}):
        raise NotFound("not_found", "No such content.")
    if decision == "cleared":
        take_turn(session)
    fits.append(suspect.c.state == "open")
    keys = session.scalars(
        select(suspect.c.id).where(*fits).order_by(suspect.c.id).limit(limit).with_for_update()
    ).all()
    if keys:
        _decide(session, keys, decision, reason, by, now)
    left = session.scalar(select(func.count()).select_from(suspect).where(*fits))
    return Decided(len(keys), left or 0)


def _decide(
    session: Session, keys: Sequence[int], decision: Decision, reason: str, by: str, now: datetime
) -> None:
    values = {"state": decision, "reason": reason, "decided_by": by, "decided_at": now}
    session.execute(
        update(suspect)
        .where(text("id = ANY (CAST(:keys AS bigint[]))").bindparams(keys=list(keys)))
        .values(values)
    )
    if decision == "cleared":
        count_again(session, list(keys))


def _suspect(row: Row[Any]) -> Suspect:
    return Suspect(
        id=public_id("sus", row.id, row.found_at),
        event=row.event_id,
        type="view" if row.kind == VIEW else "click",
        occurred_at=row.occurred_at,
        content=row.content,
        product=row.product,
        rule=row.rule,
        detail=row.detail,
        state=row.state,
        found_at=row.found_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=row.reason,
    )
