"""Membership: who may earn in a program, and from when to when.

Intervals are only added and closed, never edited back, so that what was earned by them stays explained.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.tables import creator as catalog_creator
from core.database import sql
from core.errors import Conflict, Invalid, NotFound, Refused
from core.ids import key_of, public_id
from rewards.programs import get_program
from rewards.tables import enrolment, membership


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A creator's place in a program: applied | invited | active | rejected | suspended."""

    id: str
    program: str
    creator: str
    state: str
    reason: str | None
    decided_by: str | None
    created_at: datetime
    updated_at: datetime


# action -> (states it may start from, state it leads to)
_MOVES = {
    "approve": (("applied", "invited"), "active"),
    "reject": (("applied", "invited"), "rejected"),
    "suspend": (("active",), "suspended"),
    "reactivate": (("suspended",), "active"),
}


def enrol(session: Session, program_id: str, creator: str, by_creator: bool, now: datetime) -> Enrolment:
    """A creator applies, or an operator invites. An invited creator who applies is in at once.

    Raises:
        NotFound: no such program.
        Invalid: `unknown_reference`, no such creator.
        Refused: `open_to_all` (nobody needs to), `by_invitation`.
        Conflict: `already_enrolled`.
    """
    program = get_program(session, program_id)
    if program.open == "all":
        raise Refused("open_to_all", "Everyone is a member of this program; no application is needed.")
    if not session.scalar(select(exists().where(catalog_creator.c.id == creator))):
        raise Invalid("unknown_reference", f"No creator {creator!r}.", pointer="/creator")
    session.execute(sql("rewards", "lock_program"), {"program": program_id})
    known = session.execute(
        select(enrolment).where(enrolment.c.program == program_id, enrolment.c.creator == creator)
    ).one_or_none()
    if known is not None and by_creator and known.state == "invited":
        return _move(session, known, "active", creator, None, now)
    if known is not None:
        raise Conflict(
            "already_enrolled", f"The creator is {known.state} in this program.", state=known.state
        )
    if by_creator and program.open == "invite":
        raise Refused("by_invitation", "This program is by invitation.")
    made = insert(enrolment).values(
        program=program_id,
        creator=creator,
        state="applied" if by_creator else "invited",
        created_at=now,
        updated_at=now,
    )
    return _shown(session.execute(made.returning(enrolment)).one())


def decide(
    session: Session, enrolment_id: str, action: str, person: str, reason: str | None, now: datetime
) -> Enrolment:
    """Approve, reject, suspend or reactivate.

    Approval and reactivation open an interval now; suspension closes it now and keeps what was posted.

    Raises:
        NotFound: no such enrolment.
        Refused: `enrolment_<state>`, the state does not allow it.
    """
    row = _find(session, enrolment_id)
    session.execute(sql("rewards", "lock_program"), {"program": row.program})
    row = _find(session, enrolment_id)
    allowed, to = _MOVES[action]
    if row.state not in allowed:
        raise Refused(
            f"enrolment_{row.state}",
            f"The enrolment is {row.state}: it cannot be made {to}.",
            state=row.state,
        )
    return _move(session, row, to, person, reason, now)


def _move(session: Session, row: Any, to: str, person: str, reason: str | None, now: datetime) -> Enrolment:
    m = membership
    if to == "active":
        session.execute(m.insert().values(program=row.program, creator=row.creator, since=now))
    elif row.state == "active":
        session.execute(
            m.update()
            .where(m.c.program == row.program, m.c.creator == row.creator, m.c.until.is_(None))
            .values(until=now)
        )
    changed = (
        enrolment.update()
        .where(enrolment.c.id == row.id)
        .values(state=to, decided_by=person, reason=reason, updated_at=now)
        .returning(enrolment)
    )
    return _shown(session.execute(changed).one())


def _find(session: Session, enrolment_id: str) -> Any:
    row = session.execute(
        select(enrolment).where(enrolment.c.id == key_of("enr", enrolment_id))
    ).one_or_none()
    if row is None or _shown(row).id != enrolment_id:
        raise NotFound("not_found", "No such enrolment.")
    return row


def _shown(row: Any) -> Enrolment:
    return Enrolment(
        public_id("enr", row.id, row.created_at),
        row.program,
        row.creator,
        row.state,
        row.reason,
        row.decided_by,
        row.created_at,
        row.updated_at,
    )


def get_enrolment(session: Session, enrolment_id: str) -> Enrolment:
    """One enrolment.

    Raises:
        NotFound: no such enrolment.
    """
    return _shown(_find(session, enrolment_id))


def list_enrolments(
    session: Session, program_id: str, creator: str | None, limit: int, after: int | None
) -> list[tuple[int, Enrolment]]:
    """A program's enrolments with their keys, oldest first; of one creator if asked."""
    e = enrolment
    query = select(e).where(e.c.program == program_id, e.c.id > (after or 0)).order_by(e.c.id).limit(limit)
    if creator is not None:
        query = query.where(e.c.creator == creator)
    return [(row.id, _shown(row)) for row in session.execute(query)]
