"""A creator's statement as a table: opening, lines with the balance after each, closing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.export.table import Column, Table
from core.money import Money
from ledger.statement import Statement

COLUMNS = (
    Column("booked_on", "day"),
    Column("effective_on", "day"),
    Column("kind"),
    Column("entry"),
    Column("note"),
    Column("currency", "currency"),
    Column("amount", "amount"),
    Column("balance", "amount"),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A statement, and whose of when it is."""

    creator: str
    name: str
    since: date
    until: date
    statement: Statement

    def balances(self) -> Iterator[Money]:
        """What stands after each line."""
        balance = self.statement.opening
        for line in self.statement.lines:
            balance += line.amount
            yield balance


def statement_table(sheet: Sheet) -> Table:
    """The first row is the opening balance, the last the closing one; neither has an amount, so amounts add up."""
    found = sheet.statement
    currency = found.opening.currency
    rows: list[tuple[object, ...]] = [
        (sheet.since, sheet.since, "opening", None, None, currency, None, found.opening.micros)
    ]
    rows += [
        (
            line.booked_on,
            line.effective_on,
            line.kind,
            line.entry,
            line.note,
            currency,
            line.amount.micros,
            after.micros,
        )
        for line, after in zip(found.lines, sheet.balances(), strict=True)
    ]
    rows.append((sheet.until, sheet.until, "closing", None, None, currency, None, found.closing.micros))
    return Table("statement", COLUMNS, iter([rows]))
