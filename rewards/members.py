"""Membership: who may earn in a program, and from when to when.

Intervals are only added and closed, never edited back, so that what was earned by them stays explained. An enrolment is
where a creator stands now; its moves are in `enrol.py` (the creator's side and invitations) and `decide.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import NotFound
from core.ids import key_of, public_id
from rewards.tables import enrolment, membership, program

STATES = ("applied", "invited", "active", "rejected", "suspended", "left")


@dataclass(frozen=True, slots=True)
class Interval:
    """A membership, from the moment `since` up to `until`, which no longer belongs to it; None: it stands."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A creator's place in a program, with the intervals in which it was a member. `terms`: the accepted version."""

    id: str
    program: str
    creator: str
    state: str
    reason: str | None
    decided_by: str | None
    terms: str | None
    terms_at: datetime | None
    memberships: list[Interval]
    created_at: datetime
    updated_at: datetime


_m = membership.c
_BY_TIME = {
    name: select(func.array_agg(aggregate_order_by(_m[name], _m.since, _m.id)))
    .where(_m.program == enrolment.c.program, _m.creator == enrolment.c.creator)
    .scalar_subquery()
    .label(name)
    for name in ("since", "until")
}
_ENROLMENT = select(enrolment, *_BY_TIME.values())


def get_enrolment(session: Session, enrolment_id: str) -> Enrolment:
    """One enrolment.

    Raises:
        NotFound: no such enrolment.
    """
    return _shown(find(session, enrolment_id))


def list_enrolments(
    session: Session,
    program_id: str,
    creator: str | None,
    limit: int,
    after: int | None,
    state: str | None = None,
) -> list[tuple[int, Enrolment]]:
    """A program's enrolments with their keys, oldest first; of one creator or in one state if asked."""
    e = enrolment.c
    query = _ENROLMENT.where(e.program == program_id, e.id > (after or 0)).order_by(e.id).limit(limit)
    for column, wanted in ((e.creator, creator), (e.state, state)):
        query = query if wanted is None else query.where(column == wanted)
    return [(row.id, _shown(row)) for row in session.execute(query)]


def find(session: Session, enrolment_id: str) -> Any:
    """The row of an enrolment.

    Raises:
        NotFound: no such enrolment.
    """
    row = session.execute(_ENROLMENT.where(enrolment.c.id == key_of("enr", enrolment_id))).one_or_none()
    if row is None or public_id("enr", row.id, row.created_at) != enrolment_id:
        raise NotFound("not_found", "No such enrolment.")
    return row


def place_of(session: Session, program_id: str, creator: str) -> Any:
    """The row of a creator's enrolment in a program, or None."""
    e = enrolment.c
    return session.execute(_ENROLMENT.where(e.program == program_id, e.creator == creator)).one_or_none()


def program_row(session: Session, program_id: str) -> Any:
    """Who may join a program: the row of it.

    Raises:
        NotFound: no such program.
    """
    row = session.execute(select(program).where(program.c.id == program_id)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No program {program_id!r}.")
    return row


def lock(session: Session, program_id: str) -> None:
    """A program's members move one at a time."""
    session.execute(sql("rewards", "lock_program"), {"program": program_id})


def move(session: Session, row: Any, to: str, now: datetime, **values: Any) -> Enrolment:
    """Put an enrolment into a state, and open or close the membership that goes with it."""
    if to == "active":
        joined = {"program": row.program, "creator": row.creator, "since": now}
        session.execute(sql("rewards", "join"), joined)
        session.execute(sql("rewards", "join_queue"), joined)
    elif row.state == "active":
        session.execute(
            sql("rewards", "leave"), {"program": row.program, "creator": row.creator, "until": now}
        )
    changed = enrolment.update().where(enrolment.c.id == row.id)
    session.execute(changed.values(state=to, updated_at=now, **values))
    return get_enrolment(session, public_id("enr", row.id, row.created_at))


def _shown(row: Any) -> Enrolment:
    spans = zip(row.since or [], row.until or [], strict=True)
    return Enrolment(
        public_id("enr", row.id, row.created_at),
        row.program,
        row.creator,
        row.state,
        row.reason,
        row.decided_by,
        row.terms,
        row.terms_at,
        [Interval(since, until) for since, until in spans],
        row.created_at,
        row.updated_at,
    )
