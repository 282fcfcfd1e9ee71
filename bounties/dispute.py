"""A creator disputes a rejection, or a review that never came; an operator decides."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from bounties.find import Claim, claim_of, find_claim, move_claim
from bounties.free import free_slot
from bounties.pay import pay_claim
from bounties.states import CLAIM, require
from core.errors import Invalid, Refused
from core.money import Money
from core.settings import Settings


def dispute_claim(
    session: Session, public: str, creator: str, reason: str, person: str, now: datetime
) -> Claim:
    """A rejection is disputed before its time is over; a submission when its review time passed and it could not be
    approved by silence.

    Raises:
        NotFound: no such claim of the creator's.
        Refused: `claim_approved` and the like; `too_late`; `still_in_review`.
    """
    task, row = find_claim(session, public, creator=creator, lock=True)
    require("claim", CLAIM, "dispute", "creator", row.state)
    if row.state == "rejected" and (row.ended_at is not None or row.due_at <= now):
        raise Refused("too_late", "The time to dispute the rejection is over.")
    if row.state == "submitted" and row.due_at is not None:
        raise Refused("still_in_review", "The seller still has time to review it.", due_at=row.due_at)
    values = {"state": "disputed", "reason": reason, "due_at": None}
    return claim_of(task, move_claim(session, row, "dispute", "creator", person, now, **values))


def resolve_claim(
    session: Session,
    public: str,
    outcome: Literal["approved", "rejected", "split"],
    price: Money | None,
    reason: str,
    person: str,
    now: datetime,
    settings: Settings,
) -> Claim:
    """An operator's word, which ends the dispute: the whole price, nothing, or a part of it (`price`, for a split).

    Raises:
        NotFound: no such claim.
        Refused: `claim_approved` and the like.
        Invalid: `bad_split`, a split pays more than nothing and less than the price, in its currency.
    """
    task, row = find_claim(session, public, lock=True)
    require("claim", CLAIM, "resolve", "operator", row.state)
    if (outcome == "split") != (price is not None):
        raise Invalid("bad_split", "A split names its price, and only a split does.", pointer="/price")
    if outcome == "rejected":
        values = {
            "state": "rejected",
            "reason": reason,
            "decided_by": person,
            "decided_at": now,
            "ended_at": now,
        }
        done = move_claim(session, row, "resolve", "operator", person, now, **values)
        free_slot(session, task, now, settings)
        return claim_of(task, done)
    part = None
    if price is not None:
        if price.currency != task.currency or not 0 < price.micros < task.price:
            told = f"A split pays more than nothing and less than {Money(task.price, task.currency)}."
            raise Invalid("bad_split", told, pointer="/price")
        part = price.require_minor().micros
    done = pay_claim(
        session, task, row, "resolve", "operator", person, now, settings, part=part, reason=reason
    )
    return claim_of(task, done)
