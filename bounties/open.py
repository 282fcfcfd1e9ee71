"""Open a bounty: its whole escrow is funded in one entry, or nothing happens."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bounties.draft import freeze_fee
from bounties.eligible import require_product
from bounties.find import Bounty, bounty_of, escrow, find_bounty, unit
from bounties.money import fund
from bounties.states import BOUNTY, require
from bounties.tables import bounty
from core.database import savepoint
from core.errors import KopeckError, Refused, Unavailable
from core.settings import Settings

_b = bounty.c


def open_bounty(
    session: Session, public: str, seller: str | None, now: datetime, settings: Settings
) -> Bounty:
    """Move slots x (price + most bonus + fee) from the seller's balance to escrow, and let creators claim.

    Raises:
        NotFound: no such bounty of the seller's.
        Refused: `bounty_open` and the like; `deadline_passed`; `product_gone`; `not_enough_money`, with what is missing.
    """
    row = find_bounty(session, public, seller=seller, lock=True)
    require("bounty", BOUNTY, "open", "seller", row.state)
    _open(session, row, now, settings)
    return bounty_of(find_bounty(session, public))


def due_openings(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """Keys of the drafts that should have opened by now, for one transaction each: one that cannot stops none."""
    query = select(_b.id).where(_b.state == "draft", _b.opens_at <= now).order_by(_b.opens_at).limit(limit)
    return list(session.scalars(query))


def open_due(session: Session, key: int, now: datetime, settings: Settings) -> bool:
    """Open one at its time. What cannot be opened stays a draft that says why, and opens by hand.

    Nothing happens to one that somebody holds or has opened meanwhile.
    """
    due = select(bounty).where(_b.id == key, _b.state == "draft", _b.opens_at <= now)
    row = session.execute(due.with_for_update(key_share=True, skip_locked=True)).one_or_none()
    if row is None:
        return False
    try:
        with savepoint(session):
            _open(session, row, now, settings)
    except Unavailable:
        raise
    except KopeckError as error:
        values = {"opens_at": None, "problem": error.detail, "updated_at": now}
        session.execute(bounty.update().where(_b.id == key).values(**values))
        return False
    return True


def _open(session: Session, row: Any, now: datetime, settings: Settings) -> None:
    if row.deadline <= now:
        raise Refused("deadline_passed", "The deadline is over; set a later one first.")
    require_product(session, row)
    row = freeze_fee(session, row, now, settings)
    values = {"state": "open", "opened_at": now, "updated_at": now, "problem": None, "opens_at": None}
    values["escrow"] = escrow(row.id, row.created_at)
    session.execute(bounty.update().where(_b.id == row.id).values(**values))
    fund(session, row, unit(row) * row.slots, now, settings)
