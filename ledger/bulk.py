"""Entries of many accounts take turns."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ledger.bulk'))")


def one_bulk_at_a_time(session: Session) -> None:
    """Wait until no other transaction posts many accounts, and keep the turn until the end.

    One entry locks its balances in account order; a transaction that posts several entries locks them in several
    rounds, so two such transactions could wait for each other in a ring. Entries of two accounts need no turn: they
    meet a bulk one on one account at most.
    """
    session.execute(text("SET LOCAL lock_timeout = 0"))
    session.execute(_LOCK)
