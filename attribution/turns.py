"""Whose turn it is: counting touches and doubting them must not both, or neither, take a touch out.

A tallier reads which touches are doubted and then says that their batch is tallied; who doubts a touch reads whether
its batch is tallied and then says that it is doubted. Side by side, each would miss what the other is about to say. So
talliers share one advisory lock and whoever changes a suspect has it alone, each before its first look. The same goes
for qualified views (a lock of their own, because a long day must not keep talliers waiting) and for attribution, which
reads suspects and writes what a change of them has to find. The order is always the one below.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

_QUALIFY = "hashtext('kopeck qualify')"
_TALLY = "hashtext('kopeck tally')"
_ALONE = [
    text(f"SELECT pg_advisory_xact_lock({lock})")
    for lock in (_QUALIFY, "hashtext('kopeck attribution')", _TALLY)
]


def share_tallies(session: Session) -> None:
    """Tallies are going to be added to; until the end of the transaction no suspect changes."""
    session.execute(text(f"SELECT pg_advisory_xact_lock_shared({_TALLY})"))


def share_qualified(session: Session) -> None:
    """Qualified views are going to be counted; until the end of the transaction no suspect changes."""
    session.execute(text(f"SELECT pg_advisory_xact_lock_shared({_QUALIFY})"))


def take_turn(session: Session) -> None:
    """Suspects are going to change; until the end of the transaction nobody counts or attributes."""
    for lock in _ALONE:
        session.execute(lock)
