"""The export for the advertising register: contents of paid claims by month."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid
from core.export.table import Batch, Column, Table
from core.ids import public_id
from ledger.export.snapshot import stream

COLUMNS = (
    Column("month", "day"),
    Column("content"),
    Column("creator"),
    Column("seller"),
    Column("advertiser"),
    Column("contract"),
    Column("token"),
    Column("product"),
    Column("bounty"),
    Column("impressions", "count"),
    Column("currency", "currency"),
    Column("amount", "amount"),
)


def advertising_report(session: Session, since: date, until: date) -> Table:
    """A row a content and month (its first day): impressions are the views of these days, `amount` what the creator was
    paid in them.

    Raises:
        Invalid: `bad_period`.
    """
    if not 0 <= (until - since).days <= 366:
        raise Invalid("bad_period", "The period is of 1 to 366 days.", pointer="/to")
    rows = stream(session, sql("bounties", "report_advertising"), since=since, until=until)
    return Table("advertising", COLUMNS, _batches(rows.partitions()))


def _batches(found: Iterator[Any]) -> Iterator[Batch]:
    for part in found:
        yield [(*row[:8], public_id("bty", row[8], row[9]), int(row[10]), *row[11:]) for row in part]
