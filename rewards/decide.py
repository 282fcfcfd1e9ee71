"""Within a program and out of it: approve, reject, suspend, reactivate, leave."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Refused
from rewards.eligible import refuse_ineligible
from rewards.members import Enrolment, find, lock, move, program_row

# action -> (states it may start from, state it leads to)
_MOVES = {
    "approve": (("applied", "invited"), "active"),
    "reject": (("applied", "invited"), "rejected"),
    "suspend": (("active",), "suspended"),
    "reactivate": (("suspended",), "active"),
    "leave": (("applied", "invited", "active"), "left"),
}


def decide(
    session: Session, enrolment_id: str, action: str, person: str, reason: str | None, now: datetime
) -> Enrolment:
    """Approve, reject, suspend or reactivate.

    Approval and reactivation open a membership now; suspension closes it now and keeps what was posted.

    Raises:
        NotFound: no such enrolment.
        Refused: `enrolment_<state>`, the state does not allow it; on approval `terms_not_accepted`, `not_eligible`.
    """
    row = _at(session, enrolment_id, action)
    if action == "approve":
        program = program_row(session, row.program)
        if row.terms != program.terms:
            why = f"The creator has not accepted the program's terms {program.terms!r}: it applies with them."
            raise Refused("terms_not_accepted", why, terms=program.terms)
        refuse_ineligible(session, program, row.creator)
    return move(session, row, _MOVES[action][1], now, decided_by=person, reason=reason)


def leave(session: Session, enrolment_id: str, now: datetime) -> Enrolment:
    """The creator goes, or takes its application back, or declines an invitation; it may apply again later.

    What it earned stays. Who is suspended does not leave: only reactivation ends a suspension.

    Raises:
        NotFound: no such enrolment.
        Refused: `enrolment_<state>`.
    """
    row = _at(session, enrolment_id, "leave")
    return move(session, row, "left", now, decided_by=row.creator, reason=None)


def _at(session: Session, enrolment_id: str, action: str) -> Any:
    """The row of an enrolment whose program is locked and whose state allows the action."""
    lock(session, find(session, enrolment_id).program)
    row = find(session, enrolment_id)
    allowed, to = _MOVES[action]
    if row.state not in allowed:
        raise Refused(
            f"enrolment_{row.state}",
            f"The enrolment is {row.state}: it cannot be made {to}.",
            state=row.state,
        )
    return row
