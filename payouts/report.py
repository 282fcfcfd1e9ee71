"""The report of payouts: what was reserved, sent or settled in some days, a payout a row."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial
from typing import Any

from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid
from core.export.table import Batch, Column, Table
from core.ids import public_id
from ledger.export.snapshot import stream

BY = ("reserved", "sent", "settled")
COLUMNS = (
    Column("payout"),
    Column("run"),
    Column("creator"),
    Column("name"),
    Column("provider"),
    Column("state"),
    Column("currency", "currency"),
    Column("gross", "amount"),
    Column("tax", "amount"),
    Column("tax_kind"),
    Column("amount", "amount"),
    Column("reversed", "amount"),
    Column("reference"),
    Column("reserved_at", "moment"),
    Column("sent_at", "moment"),
    Column("settled_at", "moment"),
)


def payout_report(session: Session, since: date, until: date, by: str = "reserved") -> Table:
    """Payouts whose moment `by` lies in these days; `gross` = `tax` + `amount`, which is what is sent.

    Raises:
        Invalid: `bad_period`.
    """
    require_period(since, until)
    rows = stream(session, sql("payouts", "report_payouts"), since=since, until=until, by=by)
    return Table("payouts", COLUMNS, _batches(rows.partitions()))


def require_period(since: date, until: date) -> None:
    """Raises:
    Invalid: `bad_period`, the last day lies before the first.
    """
    if until < since:
        raise Invalid("bad_period", "The last day lies before the first.", pointer="/to")


def _batches(found: Iterator[Any]) -> Iterator[Batch]:
    """Column by column, which takes half the time of making each row anew."""
    payout_id, run_id = partial(public_id, "po"), lru_cache(maxsize=1000)(partial(public_id, "run"))
    for part in found:
        keys, made, runs, runs_made, *cells = zip(*part, strict=True)
        yield list(zip(map(payout_id, keys, made), map(run_id, runs, runs_made), *cells, strict=True))
