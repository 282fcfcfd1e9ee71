"""What a bank's statement says, whatever format it came in."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from core.errors import Invalid
from core.money import Money, minor_micros

MOST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One booked movement; `micros` from the account's view, out is negative.

    `ours` is our mark if the line carries one, `batch` our mark of a whole file, `document` the number of the payment
    order, `account` the other side's, `returns`: the bank says that it gives a payment back.
    """

    booked_on: date
    micros: int
    reference: str = ""
    ours: str = ""
    batch: str = ""
    document: str = ""
    counterparty: str = ""
    account: str = ""
    purpose: str = ""
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """All of a file: one account, one currency."""

    format: str
    account: str
    currency: str
    since: date
    until: date
    opening: int | None
    closing: int | None
    lines: list[Line]


def bad(why: str) -> Invalid:
    """A statement that cannot be read."""
    return Invalid("bad_statement", why)


def require_sum(statement: Statement) -> Statement:
    """The statement, when its lines lead from its opening to its closing balance.

    Raises:
        Invalid: `bad_statement`, a line is missing or stands twice.
    """
    if statement.opening is not None and statement.closing is not None:
        end = statement.opening + sum(line.micros for line in statement.lines)
        if end != statement.closing:
            off = Money(statement.closing - end, statement.currency)
            raise bad(f"The lines do not lead from the opening to the closing balance: {off} is missing.")
    return statement


def parse_sum(text: str, currency: str) -> int:
    """Micros of a bank's amount, not below zero, in whole minor units.

    Raises:
        Invalid: `bad_amount`, `not_minor_units`, `unknown_currency`.
    """
    minor_micros(currency)
    whole, dot, rest = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(whole) > 12 or len(rest) > 6 or (dot and not rest):
        raise Invalid("bad_amount", f"{text[:40]!r} is no amount such as 1250.00.")
    return Money.parse(f"{int(whole)}{dot}{rest}", currency).require_minor().micros


def short(text: str) -> str:
    """Text as it is kept: one line, no sign that cannot be printed, not endless."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MOST_TEXT]


def fingerprints(account: str, lines: Iterable[Line]) -> list[bytes]:
    """One a line, equal in every statement that holds the line; equal lines of a day are told apart by their order."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        said = (line.micros, line.reference, line.ours, line.document, line.account, line.purpose)
        content = "\x1f".join(map(str, (account, line.booked_on, *said)))
        seen[content] += 1
        found.append(hashlib.sha256(f"{content}\x1f{seen[content]}".encode()).digest())
    return found
