"""Prove the tallies: count everything again from the touches and compare, some days at a time."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings

# Of touches in a part, so that it sorts in some hundred megabytes; each part also reads all tallies once.
PART_BYTES = 256 * 1024 * 1024
# What the daily self-check looks at: today and two days that have ended.
CHECKED_DAYS = 3
_BYTES = text(
    "SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day, pg_relation_size(c.oid) AS bytes"
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = CAST('touch' AS regclass) ORDER BY day"
)
_TALLIES = text("SELECT (SELECT count(*) FROM tally_content_day) + (SELECT count(*) FROM tally_product_day)")


@dataclass(frozen=True, slots=True)
class Part:
    """Some days, `until` not among them (infinite at the ends), and what their touches take on disk."""

    since: date | str
    until: date | str
    bytes: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A tally that its touches do not bear out; None stands for no row."""

    content: str
    product: str | None
    day: date
    measure: str
    stored: int | None
    counted: int | None


def parts(session: Session) -> list[Part]:
    """All days, in parts of whole days that each are not much more than `PART_BYTES`."""
    starts: list[tuple[date | str, int]] = [("-infinity", 0)]
    for day, size in session.execute(_BYTES):
        since, so_far = starts[-1]
        if so_far and so_far + size > PART_BYTES:
            starts.append((day, size))
        else:
            starts[-1] = (since, so_far + size)
    ends = [since for since, _ in starts[1:]] + ["infinity"]
    return [Part(since, until, size) for (since, size), until in zip(starts, ends, strict=True)]


def tally_count(session: Session) -> int:
    """How many tallies there are to compare with."""
    return int(session.scalar(_TALLIES) or 0)


def differences(session: Session, settings: Settings, part: Part) -> list[Difference]:
    """Every difference in these days. Reads all their touches: run it before a day is archived, not after."""
    values = {"minimum": settings.minimum_watch_ms, "since": part.since, "until": part.until}
    return [
        Difference(row.content, row.product, row.day, row.measure, _whole(row.stored), _whole(row.counted))
        for row in session.execute(sql("attribution", "recount"), values)
    ]


def verify_tallies(session: Session, settings: Settings) -> list[Difference]:
    """Every difference; an empty list is the proof."""
    return [each for part in parts(session) for each in differences(session, settings, part)]


def tally_findings(session: Session, settings: Settings) -> list[tuple[str, str]]:
    """The differences of the last days as a self-check tells them: what is wrong, and in which way. The figures are left
    out: they move while events come in, and what was acknowledged would be found as new.
    """
    since = session.scalar(text("SELECT current_date - :days + 1"), {"days": CHECKED_DAYS})
    return [
        (
            " ".join(filter(None, ("tally", str(row.day), row.content, row.product, row.measure))),
            "It is not what its events come to; `kopeck tallies verify` shows both figures.",
        )
        for row in differences(session, settings, Part(since or "-infinity", "infinity", 0))
    ]


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
