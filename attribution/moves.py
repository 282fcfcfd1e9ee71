"""Touches out of what counts, and back in: what follows when a suspect is found or cleared."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from attribution.tally import written
from attribution.turns import take_turn
from core.database import sql

_MOVED = text(
    'CREATE TEMP TABLE moved (event_id text COLLATE "C", occurred_at timestamptz, kind smallint, viewer uuid,'
    ' content text COLLATE "C") ON COMMIT DROP'
)


def doubt(session: Session, now: datetime) -> int:
    """Make suspects of what stands in `hit` and take them out of the counts; how many are new."""
    take_turn(session)
    session.execute(_MOVED)
    found = cast("CursorResult[Any]", session.execute(sql("attribution", "suspect_mark"), {"now": now}))
    if found.rowcount:
        _follow(session, -1)
    session.execute(text("DROP TABLE moved"))
    return found.rowcount


def count_again(session: Session, suspects: list[int]) -> None:
    """Put cleared suspects back into the counts. The caller took the turn before it changed them."""
    session.execute(_MOVED)
    session.execute(
        text(
            "INSERT INTO moved SELECT event_id, occurred_at, kind, viewer, content FROM suspect"
            " WHERE id = ANY (CAST(:suspects AS bigint[]))"
        ),
        {"suspects": suspects},
    )
    _follow(session, 1)
    session.execute(text("DROP TABLE moved"))


def _follow(session: Session, sign: int) -> None:
    session.execute(written("suspect_tally"), {"judge": False, "sign": sign})
    session.execute(sql("attribution", "suspect_purchases"))
