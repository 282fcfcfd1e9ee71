"""One reading of the facts at a time: pricing, accrual and the start of a version take turns."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('rewards.accrue'))")


def take_turn(session: Session, *, patient: bool = False) -> None:
    """Wait until no other transaction prices, accrues or starts a version, and keep the turn until the end.

    Without it an older reading could overwrite a newer one, and a queue row could be taken off by a pricing that does
    not yet see the version it was meant for. `patient` (jobs): wait as long as it takes, not the usual ten seconds.
    """
    if patient:
        session.execute(text("SET LOCAL lock_timeout = 0"))
    session.execute(_LOCK)
