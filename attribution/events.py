"""What became of an event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import NotFound
from core.ids import public_id

FIRST = -1


@dataclass(frozen=True, slots=True)
class Earned:
    """Who a purchase is attributed to under a policy; `content` None: to nobody."""

    policy: str
    outcome: str
    content: str | None
    creator: str | None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One thing that came under an event id. `tallied`: a touch is counted, which a suspect is not; a sale needs no
    counting. `purchase`: the key of a sale's purchase line.
    """

    id: str
    type: str
    state: Literal["accepted", "suspect", "parked", "dropped", "rejected", "conflict"]
    occurred_at: datetime
    received_at: datetime
    batch: str
    tallied: bool
    reason: str | None
    order: str | None
    product: str | None
    content: str | None
    attributed: list[Earned]
    purchase: int | None


_EARNED = text(
    "SELECT a.policy, a.outcome, s.content, s.creator FROM attribution a"
    " LEFT JOIN share s ON s.purchase_id = a.purchase_id AND s.policy = a.policy"
    " AND s.generation = a.generation AND s.refund_id IS NULL"
    " WHERE a.purchase_id = :purchase ORDER BY a.policy, s.content"
)


def find_event(session: Session, event_id: str) -> list[EventRecord]:
    """All that came under the id, what was accepted first: a touch is one by id and time, and conflicts keep the id.

    Raises:
        NotFound: no such event. (One refused at the door is only in its batch's errors.)
    """
    rows = session.execute(sql("attribution", "event_find"), {"event": event_id}).all()
    if not rows:
        raise NotFound("not_found", "No such event.")
    return [_record(session, event_id, row) for row in rows]


def list_events(
    session: Session, state: Literal["conflict", "parked", "suspect"], limit: int = 100, cursor: int = FIRST
) -> tuple[list[EventRecord], int | None]:
    """Events in a state, oldest first, and the cursor of the next page."""
    rows = session.execute(sql("attribution", f"event_{state}"), {"after": cursor, "limit": limit + 1}).all()
    page = rows[:limit]
    return [_record(session, row.event_id, row) for row in page], page[-1].id if len(rows) > limit else None


def _record(session: Session, event_id: str, row: Row[Any]) -> EventRecord:
    earned = session.execute(_EARNED, {"purchase": row.purchase_id}).all() if row.purchase_id else []
    return EventRecord(
        id=event_id,
        type=row.type,
        state=row.state,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        batch=public_id("bat", row.batch_id, row.received_at),
        tallied=row.tallied,
        reason=row.reason,
        order=row.order_ref,
        product=row.product,
        content=row.content,
        attributed=[Earned(*each) for each in earned],
        purchase=row.purchase_id,
    )
