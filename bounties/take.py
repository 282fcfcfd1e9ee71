"""Claim a slot; hand the claim back."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bounties.eligible import refuse_ineligible
from bounties.find import Claim, claim_of, find_bounty, find_claim, move_claim
from bounties.free import free_slot
from bounties.states import CLAIM, require
from core.database import sql
from core.errors import Conflict, Refused
from core.settings import Settings


def claim_slot(session: Session, public: str, creator: str, person: str, now: datetime) -> Claim:
    """Take a slot of an open bounty: the creator has `submit_hours` to hand something in.

    Raises:
        NotFound: no such bounty.
        Refused: `bounty_closed` and the like; `product_gone`; `creator_suspended`, `not_eligible`.
        Conflict: `no_slot_free`; `bounty_changed`, meanwhile; `already_claimed`, the creator has a claim of it that was not withdrawn or expired.
    """
    row = find_bounty(session, public)
    if row.state != "open" or row.deadline <= now:
        state = "closed" if row.state == "open" else row.state
        raise Refused(f"bounty_{state}", f"The bounty is {state}: nobody can claim it now.", state=state)
    refuse_ineligible(session, row, creator)
    given = {"bounty": row.id, "creator": creator, "person": person, "now": now, "seen": row.updated_at}
    made = session.execute(sql("bounties", "take"), given).one_or_none()
    if made is None or not made.slot:
        raise _not_taken(row, find_bounty(session, public), made is None)
    return claim_of(row, made)


def _not_taken(row: Any, stands: Any, alone: bool) -> Conflict:
    """Why there was no slot for who looked at `row`; `alone`: nobody else took the last one meanwhile."""
    if (stands.state, stands.updated_at) != (row.state, row.updated_at):
        return Conflict("bounty_changed", "The bounty was edited or closed just now; look at it again.")
    if alone and stands.taken < stands.slots:
        return Conflict("already_claimed", "The creator has claimed this bounty already.")
    return Conflict("no_slot_free", "Every slot of the bounty is taken.")


def withdraw_claim(
    session: Session, public: str, creator: str, person: str, now: datetime, settings: Settings
) -> Claim:
    """Give the slot back; nobody is paid. The creator may claim again while slots are free.

    Raises:
        NotFound: no such claim of the creator's.
        Refused: `claim_approved` and the like.
    """
    task, row = find_claim(session, public, creator=creator, lock=True)
    require("claim", CLAIM, "withdraw", "creator", row.state)
    done = move_claim(
        session, row, "withdraw", "creator", person, now, state="withdrawn", due_at=None, ended_at=now
    )
    free_slot(session, task, now, settings)
    return claim_of(task, done)
