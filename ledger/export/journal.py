"""What the two plain-text journals have in common: entries, the closings between them, the totals at the end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.money import format_micros
from ledger.close import Closing, list_closings
from ledger.export.books import Entry, Totals, balances_on, entries


@dataclass(frozen=True, slots=True)
class Style:
    """How a journal writes things down; each answer ends its lines."""

    head: Callable[[Session], Iterator[str]]
    entry: Callable[[Entry], str]
    posting: Callable[[str, int, str], str]
    closing: Callable[[Closing, Iterator[Row[Any]]], Iterator[str]]


def amount(micros: int, currency: str) -> str:
    """`12.00 RUB`, `-0.0345 RUB`: exact."""
    return f"{format_micros(micros, currency)} {currency}"


def journal(session: Session, style: Style, tell: Callable[[int], None]) -> Iterator[str]:
    """The lines of a journal: in the order of days, a closing after the last entry of its last day."""
    totals: Totals = {}
    due = list_closings(session)[::-1]
    yield "; The books of Kopeck. The last line counts what is in here: without it, the file was cut off.\n"
    yield from style.head(session)
    for entry, postings in entries(session, totals, tell):
        while due and due[0].through < entry.booked_on:
            yield from _closing(session, style, due.pop(0))
        yield style.entry(entry)
        for row in postings:
            yield style.posting(row.code, row.amount, entry.currency)
    for closing in due:
        yield from _closing(session, style, closing)
    yield from _end(totals)


def _closing(session: Session, style: Style, closing: Closing) -> Iterator[str]:
    return style.closing(closing, balances_on(session, closing.through))


def _end(totals: Totals) -> Iterator[str]:
    yield "\n"
    for currency, total in sorted(totals.items()):
        yield (
            f"; total {currency}: {total.entries} entries, {total.postings} postings,"
            f" debits {amount(total.debits, currency)}, credits {amount(total.credits, currency)}\n"
        )
    yield (
        f"; end: {sum(total.entries for total in totals.values())} entries,"
        f" {sum(total.postings for total in totals.values())} postings\n"
    )
