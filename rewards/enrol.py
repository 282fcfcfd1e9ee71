"""Into a program: a creator applies or accepts an invitation, an operator invites."""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.tables import creator as catalog_creator
from core.errors import Conflict, Invalid, Refused
from core.ids import public_id
from rewards.eligible import refuse_ineligible
from rewards.members import Enrolment, get_enrolment, lock, move, place_of, program_row
from rewards.tables import enrolment


def apply(session: Session, program_id: str, creator: str, terms: str | None, now: datetime) -> Enrolment:
    """A creator applies; who is invited is in at once, who has left applies anew.

    Raises:
        NotFound: no such program.
        Invalid: `unknown_reference`, no such creator.
        Refused: `open_to_all` (nobody needs to), `by_invitation`, `terms_required`, `terms_outdated`; for who is
            invited `not_eligible`, which an application is asked for when it is approved.
        Conflict: `already_enrolled`.
    """
    program, known = _place(session, program_id, creator)
    if known is not None and known.state not in ("invited", "left"):
        raise _enrolled(known)
    invited = known is not None and known.state == "invited"
    if program.open == "invite" and not invited:
        raise Refused("by_invitation", "This program is by invitation.")
    _check_terms(program, terms)
    accepted = {"terms": terms, "terms_at": now if terms else None}
    if invited:
        refuse_ineligible(session, program, creator)
        return move(session, known, "active", now, decided_by=creator, reason=None, **accepted)
    return _enter(session, program_id, creator, now, state="applied", decided_by=None, **accepted)


def invite(session: Session, program_id: str, creator: str, person: str, now: datetime) -> Enrolment:
    """An operator invites, also who has left or was rejected before.

    Raises:
        NotFound: no such program.
        Invalid: `unknown_reference`, no such creator.
        Refused: `open_to_all`.
        Conflict: `already_enrolled`.
    """
    _, known = _place(session, program_id, creator)
    if known is not None and known.state not in ("rejected", "left"):
        raise _enrolled(known)
    fresh = {"state": "invited", "decided_by": person, "terms": None, "terms_at": None}
    return _enter(session, program_id, creator, now, **fresh)


def _place(session: Session, program_id: str, creator: str) -> tuple[Any, Any]:
    program = program_row(session, program_id)
    if program.open == "all":
        raise Refused("open_to_all", "Everyone is a member of this program; no application is needed.")
    if not session.scalar(select(exists().where(catalog_creator.c.id == creator))):
        raise Invalid("unknown_reference", f"No creator {creator!r}.", pointer="/creator")
    lock(session, program_id)
    return program, place_of(session, program_id, creator)


def _check_terms(program: Any, terms: str | None) -> None:
    if terms == program.terms:
        return
    if terms is None:
        why = f"Joining means accepting the program's terms: send terms {program.terms!r}."
        raise Refused("terms_required", why, terms=program.terms)
    now_at = f"they are {program.terms!r} now" if program.terms else "the program has none"
    raise Refused("terms_outdated", f"These are not the program's terms: {now_at}.", terms=program.terms)


def _enrolled(known: Any) -> Conflict:
    return Conflict("already_enrolled", f"The creator is {known.state} in this program.", state=known.state)


def _enter(session: Session, program_id: str, creator: str, now: datetime, **values: Any) -> Enrolment:
    """A new enrolment, or the one there is from its beginning again; its memberships stay."""
    again = values | {"reason": None, "updated_at": now}
    made = insert(enrolment).values(program=program_id, creator=creator, created_at=now, **again)
    made = made.on_conflict_do_update(index_elements=["program", "creator"], set_=again)
    row = session.execute(made.returning(enrolment.c.id, enrolment.c.created_at)).one()
    return get_enrolment(session, public_id("enr", row.id, row.created_at))
