"""Hold all payouts of one creator for a cause of somebody else's, such as a program that suspended it.

Each cause holds by itself: payouts go on when the last of them has ended. Who sends locks the payees of a run before it
looks for holds (`lock_payees.sql`), so a hold waits for a sending that is at work on the creator, and a sending that
begins later sees the hold: nothing is sent after a hold was answered.
"""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payouts.tables import creator_hold, payee

_STANDING = creator_hold.c.until.is_(None)


def hold_creator(session: Session, creator: str, cause: str, reason: str, person: str, now: datetime) -> None:
    """Let nothing be drafted for or sent to a creator until the cause ends; a cause that holds already goes on."""
    session.execute(select(payee.c.creator).where(payee.c.creator == creator).with_for_update(key_share=True))
    held = insert(creator_hold).values(creator=creator, cause=cause, reason=reason, held_by=person, since=now)
    session.execute(
        held.on_conflict_do_nothing(index_elements=["creator", "cause"], index_where=text("until IS NULL"))
    )


def release_creator(session: Session, creator: str, cause: str, now: datetime) -> None:
    """End one cause; without it nothing changes. A payout that was held meanwhile is released by finance."""
    h = creator_hold.c
    ended = creator_hold.update().where(h.creator == creator, h.cause == cause, _STANDING)
    session.execute(ended.values(until=now))


def holds_of(session: Session, creator: str) -> list[str]:
    """The reasons that hold a creator's payouts now, oldest first."""
    h = creator_hold.c
    return list(session.scalars(select(h.reason).where(h.creator == creator, _STANDING).order_by(h.id)))
