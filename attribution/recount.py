"""Prove the tallies: count everything again from the touches and compare."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings

# Tallies are counted; touches are many, and the planner's statistics are near enough.
_EXTENT = text(
    "SELECT (SELECT coalesce(sum(greatest(c.reltuples, 0)), 0) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = CAST('touch' AS regclass)) AS touches,"
    " (SELECT count(*) FROM tally_content_day) + (SELECT count(*) FROM tally_product_day) AS tallies"
)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to count again: tallies, and touches (about)."""

    touches: int
    tallies: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A tally that its touches do not bear out; None stands for no row."""

    content: str
    product: str | None
    day: date
    measure: str
    stored: int | None
    counted: int | None


def extent(session: Session) -> Extent:
    row = session.execute(_EXTENT).one()
    return Extent(int(row.touches), int(row.tallies))


def verify_tallies(session: Session, settings: Settings) -> list[Difference]:
    """Every difference; an empty list is the proof. Reads all touches that are still here: run it before a day's
    partition is archived, not after.
    """
    rows = session.execute(sql("attribution", "recount"), {"minimum": settings.minimum_watch_ms})
    return [
        Difference(row.content, row.product, row.day, row.measure, _whole(row.stored), _whole(row.counted))
        for row in rows
    ]


def tally_findings(session: Session, settings: Settings) -> list[tuple[str, str]]:
    """The differences as a self-check tells them: what is wrong, and in which way. The figures are left out: they move
    while events come in, and what was acknowledged would be found as new.
    """
    return [
        (
            " ".join(filter(None, ("tally", str(row.day), row.content, row.product, row.measure))),
            "It is not what its events come to; `kopeck tallies verify` shows both figures.",
        )
        for row in verify_tallies(session, settings)
    ]


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
