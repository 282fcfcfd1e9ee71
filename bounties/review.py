"""The seller's review of what was handed in: approve, ask for changes, reject."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bounties.find import Claim, claim_of, find_claim, move_claim
from bounties.pay import pay_claim
from bounties.states import CLAIM, require
from catalog.tables import content
from core.errors import Refused
from core.settings import Settings


def approve_claim(
    session: Session, public: str, seller: str, person: str, now: datetime, settings: Settings
) -> Claim:
    """The price leaves escrow for the creator's available money, the fee for income; a bonus waits for its days.

    Raises:
        NotFound: no such claim among the seller's bounties.
        Refused: `claim_approved` and the like; `content_gone`; `token_missing`.
    """
    task, row = find_claim(session, public, seller=seller, lock=True)
    require("claim", CLAIM, "approve", "seller", row.state)
    deleted = select(content.c.deleted_at).where(content.c.id == row.content)
    if session.scalar(deleted) is not None:
        raise Refused("content_gone", "The creator has deleted the content; reject it, or ask for changes.")
    if task.token_required and not row.token:
        raise Refused(
            "token_missing", "The content needs its advertising token first (POST /v1/claims/{id}/token)."
        )
    return claim_of(task, pay_claim(session, task, row, "approve", "seller", person, now, settings))


def request_changes(
    session: Session, public: str, seller: str, reason: str, person: str, now: datetime
) -> Claim:
    """The creator has `submit_hours` again, as often as the bounty's `rounds` say.

    Raises:
        NotFound: no such claim among the seller's bounties.
        Refused: `claim_approved` and the like; `review_over`; `no_rounds_left`.
    """
    task, row = find_claim(session, public, seller=seller, lock=True)
    require("claim", CLAIM, "request_changes", "seller", row.state)
    _require_time(row, now)
    if row.rounds >= task.rounds:
        told = f"Changes were requested {row.rounds} times, as often as the bounty says; approve or reject."
        raise Refused("no_rounds_left", told, rounds=task.rounds)
    values = {
        "state": "changes_requested",
        "rounds": row.rounds + 1,
        "reason": reason,
        "due_at": now + timedelta(hours=task.submit_hours),
    }
    return claim_of(task, move_claim(session, row, "request_changes", "seller", person, now, **values))


def reject_claim(
    session: Session, public: str, seller: str, reason: str, person: str, now: datetime, settings: Settings
) -> Claim:
    """The slot's money stays in escrow until the time for a dispute is over.

    Raises:
        NotFound: no such claim among the seller's bounties.
        Refused: `claim_approved` and the like; `review_over`.
    """
    task, row = find_claim(session, public, seller=seller, lock=True)
    require("claim", CLAIM, "reject", "seller", row.state)
    _require_time(row, now)
    return claim_of(task, rejected(session, row, "seller", person, reason, now, settings))


def _require_time(row: Any, now: datetime) -> None:
    """A job that is late leaves the seller no more time to refuse than it was given."""
    if row.due_at is not None and row.due_at <= now:
        raise Refused(
            "review_over",
            "The review time is over: what silence does with it, it does now.",
            due_at=row.due_at,
        )


def rejected(
    session: Session, row: Any, who: str, person: str | None, reason: str, now: datetime, settings: Settings
) -> Row[Any]:
    """A locked claim, rejected: the creator may dispute it for `bounty_dispute_hours`."""
    values = {
        "state": "rejected",
        "reason": reason,
        "decided_by": person,
        "decided_at": now,
        "due_at": now + timedelta(hours=settings.bounty_dispute_hours),
    }
    return move_claim(session, row, "reject", who, person, now, **values)
