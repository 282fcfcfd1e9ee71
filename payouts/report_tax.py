"""The register of withheld tax as a table."""

from collections.abc import Iterator
from datetime import date
from itertools import islice

from sqlalchemy.orm import Session

from core.export.table import Batch, Column, Table
from payouts.report import require_period
from payouts.tax_register import TaxRow, tax_rows

COLUMNS = (
    Column("day", "day"),
    Column("payout"),
    Column("creator"),
    Column("tax_status"),
    Column("kind"),
    Column("currency", "currency"),
    Column("gross", "amount"),
    Column("tax", "amount"),
    Column("net", "amount"),
    Column("state"),
)
_BATCH = 1000


def tax_report(session: Session, since: date, until: date) -> Table:
    """A payout a row; see `tax_rows`.

    Raises:
        Invalid: `bad_period`.
    """
    require_period(since, until)
    return Table("tax", COLUMNS, _batches(tax_rows(session, since, until)))


def _batches(rows: Iterator[TaxRow]) -> Iterator[Batch]:
    while batch := [_cells(row) for row in islice(rows, _BATCH)]:
        yield batch


def _cells(row: TaxRow) -> tuple[object, ...]:
    money = (row.gross.micros, row.tax.micros, row.net.micros)
    return row.day, row.payout, row.creator, row.tax_status, row.kind, row.gross.currency, *money, row.state
