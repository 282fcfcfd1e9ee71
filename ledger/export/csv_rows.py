"""The books as CSV: a posting a row, with the fields of its entry; at the end a row of totals for each currency.

In a row of totals the first cell is `total`, the version is the count of postings, amount and balance are the sums of
debits and of credits.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from sqlalchemy.orm import Session

from core.export.guard import guard
from core.export.pieces import encoded
from core.money import format_micros
from ledger.export.books import Entry, Totals, entries

COLUMNS = ("entry", "key", "kind", "currency", "effective_on", "booked_on", "recorded_at", "corrects", "note",
           "account", "version", "amount", "balance")  # fmt: skip


class _Line:
    """csv hands each row to a file's `write`, and answers what that answers."""

    @staticmethod
    def write(line: str) -> Any:
        return line


def _cells(entry: Entry) -> list[str]:
    return [
        entry.id,
        guard(entry.key),
        guard(entry.kind),
        entry.currency,
        entry.effective_on.isoformat(),
        entry.booked_on.isoformat(),
        entry.recorded_at.astimezone(UTC).isoformat(),
        entry.corrects or "",
        guard(entry.note or ""),
    ]


def _lines(session: Session, tell: Callable[[int], None]) -> Iterator[str]:
    line: Callable[[list[Any]], Any] = csv.writer(_Line()).writerow
    yield line(list(COLUMNS))
    totals: Totals = {}
    for entry, postings in entries(session, totals, tell):
        cells, currency = _cells(entry), entry.currency
        for row in postings:
            figures = [format_micros(row.amount, currency), format_micros(row.balance, currency)]
            yield line([*cells, guard(row.code), row.version, *figures])
    for currency, total in sorted(totals.items()):
        sums = [format_micros(total.debits, currency), format_micros(total.credits, currency)]
        about = [f"{total.entries} entries", "", total.postings]
        yield line(["total", "", "", currency, "", "", "", "", *about, *sums])


def write(session: Session, tell: Callable[[int], None]) -> Iterator[bytes]:
    """The table in pieces."""
    return encoded(_lines(session, tell))
