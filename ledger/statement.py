"""An account's statement: opening, lines, closing, by the day of the books.

One statement reads all three, so that a reader never sees half an entry: opening + lines = closing, always.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid
from core.ids import public_id
from core.money import Money


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting; `amount` and `balance` are natural (positive on the account's own side)."""

    entry: str
    kind: str
    note: str | None
    booked_on: date
    effective_on: date
    recorded_at: datetime
    amount: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """What stood at the start of `since`, what was booked from then to the end of `until`, what stands then."""

    opening: Money
    lines: list[StatementLine]
    closing: Money


def statement(
    session: Session, codes: Sequence[str], currency: str, since: date, until: date, limit: int = 100_000
) -> Statement:
    """The statement of one account, or of several taken as one (a creator's pots).

    Raises:
        Invalid: `too_many_lines`, for more than `limit` of them.
    """
    rows = session.execute(
        sql("ledger", "statement"),
        {"codes": list(codes), "currency": currency, "since": since, "until": until, "limit": limit + 1},
    ).all()
    opening = Money(rows[0].opening, currency)
    lines = [
        StatementLine(
            public_id("ent", row.entry_id, row.recorded_at),
            row.kind,
            row.note,
            row.booked_on,
            row.effective_on,
            row.recorded_at,
            Money(row.amount, currency),
        )
        for row in rows
        if row.entry_id is not None
    ]
    if len(lines) > limit:
        raise Invalid("too_many_lines", f"More than {limit} lines: ask for a shorter time.")
    closing = Money(opening.micros + sum(line.amount.micros for line in lines), currency)
    return Statement(opening, lines, closing)
