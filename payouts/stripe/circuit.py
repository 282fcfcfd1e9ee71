"""The provider refuses our key: one open difference stops all sending until the key is accepted again.

It is a row among the differences, so that people see it where they look anyway, with its age.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from payouts.bank_tables import difference
from payouts.note_difference import NO_AMOUNT, Found, Kind, end_differences, note_difference

KIND: Kind = "key_refused"
SUBJECT = "stripe"
PROBE_EVERY = timedelta(seconds=60)
_open = (difference.c.kind == KIND, difference.c.subject == SUBJECT, difference.c.resolved_at.is_(None))


def open_circuit(session: Session, detail: str, now: datetime) -> None:
    """Stop sending."""
    note_difference(session, Found(KIND, SUBJECT, NO_AMOUNT, detail), now)


def circuit_opened(session: Session) -> datetime | None:
    """When the key was last refused, while sending is stopped; None when it is not."""
    return session.scalar(select(difference.c.seen_at).where(*_open))


def close_circuit(session: Session, now: datetime) -> None:
    """The key is accepted again."""
    end_differences(session, (KIND,), SUBJECT, now)
