"""Prove the tallies: count everything again from the touches and compare."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Difference:
    """A tally that its touches do not bear out; None stands for no row."""

    content: str
    product: str | None
    day: date
    measure: str
    stored: int | None
    counted: int | None


def verify_tallies(session: Session, settings: Settings) -> list[Difference]:
    """Every difference; an empty list is the proof. Reads all touches that are still here: run it before a day's
    partition is archived, not after.
    """
    rows = session.execute(sql("attribution", "recount"), {"minimum": settings.minimum_watch_ms})
    return [
        Difference(row.content, row.product, row.day, row.measure, _whole(row.stored), _whole(row.counted))
        for row in rows
    ]


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
