"""Close, cancel and settle: what nobody may still need goes back at once, and at the end escrow is exactly zero."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bounties.find import Bounty, bounty_of, find_bounty, unit
from bounties.money import give_back, give_back_many
from bounties.states import BOUNTY, require
from bounties.tables import bounty, claim
from core.errors import Refused
from core.settings import Settings

_b, _c = bounty.c, claim.c


def close_bounty(
    session: Session, public: str, seller: str | None, now: datetime, settings: Settings
) -> Bounty:
    """Nobody may claim any more; the free slots' money goes back, what claims and bonuses need stays.

    Raises:
        NotFound: no such bounty of the seller's.
        Refused: `bounty_draft` and the like.
    """
    row = find_bounty(session, public, seller=seller, lock=True)
    require("bounty", BOUNTY, "close", "seller", row.state)
    _close(session, row, now, settings)
    return bounty_of(find_bounty(session, public))


def cancel_bounty(
    session: Session, public: str, seller: str | None, now: datetime, settings: Settings
) -> Bounty:
    """Take back what nobody has claimed, with all of its escrow.

    Raises:
        NotFound: no such bounty of the seller's.
        Refused: `bounty_claimed`, close it instead; `bounty_closed` and the like.
    """
    row = find_bounty(session, public, seller=seller, lock=True)
    require("bounty", BOUNTY, "cancel", "seller", row.state)
    if row.taken:
        raise Refused(
            "bounty_claimed", "Somebody has claimed a slot; close the bounty instead.", taken=row.taken
        )
    give_back(session, row, row.funded - row.released - row.returned, now, settings)
    values = {"state": "cancelled", "ended_at": now, "updated_at": now, "opens_at": None}
    session.execute(update(bounty).where(_b.id == row.id).values(**values))
    return bounty_of(find_bounty(session, public))


def close_due(session: Session, now: datetime, settings: Settings, limit: int = 200) -> int:
    """Close what is past its deadline; those that somebody holds wait for the next look. How many."""
    due = select(bounty).where(_b.state == "open", _b.deadline <= now).order_by(_b.id).limit(limit)
    rows = session.execute(due.with_for_update(key_share=True, skip_locked=True)).all()
    keys = [row.id for row in rows]
    free = (_b.price + _b.bonus_max + _b.fee) * (_b.slots - _b.taken)
    values = {"state": "closed", "closed_at": now, "updated_at": now, "returned": _b.returned + free}
    session.execute(update(bounty).where(_b.id.in_(keys)).values(**values))
    give_back_many(session, [(row, unit(row) * (row.slots - row.taken)) for row in rows], now, settings)
    settle_done(session, keys, now)
    return len(rows)


def settle_done(session: Session, keys: Collection[int], now: datetime) -> None:
    """Of these locked bounties, the closed ones in which nothing can move any more are settled. Escrow is zero then, or
    the table's own check refuses."""
    unsettled = (
        select(_c.id)
        .where(_c.bounty_id == _b.id, _c.ended_at.is_(None) | (_c.bonus_state == "waiting"))
        .exists()
    )
    done = update(bounty).where(_b.id.in_(keys), _b.state == "closed", ~unsettled)
    session.execute(done.values(state="settled", ended_at=now, updated_at=now))


def _close(session: Session, row: Any, now: datetime, settings: Settings) -> None:
    values = {"state": "closed", "closed_at": now, "updated_at": now}
    session.execute(update(bounty).where(_b.id == row.id).values(**values))
    give_back(session, row, unit(row) * (row.slots - row.taken), now, settings)
    settle_done(session, [row.id], now)
