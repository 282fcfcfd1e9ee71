"""The books in the order of an export: entries by the day of the books, each with its postings as they come."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Refused
from core.ids import public_id
from ledger.export.snapshot import stream


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry without its postings; `id` and `corrects` are public ids."""

    id: str
    key: str
    kind: str
    currency: str
    effective_on: date
    booked_on: date
    recorded_at: datetime
    note: str | None
    corrects: str | None


@dataclass(slots=True)
class Total:
    """What a file holds of one currency. Debits and credits are micros; credits are negative."""

    entries: int = 0
    postings: int = 0
    debits: int = 0
    credits: int = 0


Totals = dict[str, Total]
Postings = Iterator[Row[Any]]  # code, version, amount, balance


def entries(
    session: Session, totals: Totals, tell: Callable[[int], None]
) -> Iterator[tuple[Entry, Postings]]:
    """Every entry with its postings, by booked_on and id; the postings are read before the next entry is.

    Two cursors side by side: the postings' sort then carries no notes, and an entry of a million postings is never
    in memory. `totals` grow on the way.

    Raises:
        Refused: `books_broken`, an entry has not the postings that it says it has.
    """
    groups = groupby(stream(session, sql("ledger", "export_postings")), itemgetter(0))
    for row in stream(session, sql("ledger", "export_entries")):
        of, postings = next(groups, (None, iter(())))
        if of != row.id:
            raise _broken(row.id)
        total = totals.setdefault(row.currency, Total())
        yield _entry(row), _counted(row, postings, total, tell)
    if extra := next(groups, None):
        raise _broken(extra[0])


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        public_id("ent", row.id, row.recorded_at),
        row.key,
        row.kind,
        row.currency,
        row.effective_on,
        row.booked_on,
        row.recorded_at,
        row.note,
        None if row.corrects is None else public_id("ent", row.corrects, row.corrected_at),
    )


def _counted(entry: Row[Any], postings: Postings, total: Total, tell: Callable[[int], None]) -> Postings:
    seen = 0
    for row in postings:
        seen += 1
        if row.amount > 0:
            total.debits += row.amount
        else:
            total.credits += row.amount
        yield row
    if seen != entry.posting_count:
        raise _broken(entry.id)
    total.entries += 1
    total.postings += seen
    tell(seen)


def _broken(entry_id: int) -> Refused:
    return Refused(
        "books_broken",
        f"Entry {entry_id} has not the postings that it was made with: see `kopeck ledger verify`.",
    )


def accounts(session: Session) -> Iterator[Row[Any]]:
    """Every account that ever moved: its code and its currencies."""
    return stream(session, sql("ledger", "export_accounts"))


def first_day(session: Session) -> date | None:
    """The first day of the books; None: there is no entry."""
    found: date | None = session.scalar(sql("ledger", "export_first_day"))
    return found


def balances_on(session: Session, day: date) -> Iterator[Row[Any]]:
    """Code, currency and balance of every account that had moved by the end of a closed day."""
    return stream(session, sql("ledger", "export_closing"), day=day)
