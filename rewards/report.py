"""Reports of what was earned and of how the funds' lines were spent, as tables."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.database import sql
from core.export.table import Batch, Column, Table
from ledger.export.snapshot import stream
from rewards.burn_down import require_period
from rewards.fund_tables import fund

EARNINGS = (
    Column("creator"),
    Column("name"),
    Column("program"),
    Column("currency", "currency"),
    Column("rewards", "count"),
    Column("given", "amount"),
    Column("taken_back", "amount"),
    Column("earned", "amount"),
)
_MOVES = ("opening", "allocated", "transferred", "adjusted", "rewards", "grants", "taken_back", "closing")
FUND = (
    Column("fund"),
    Column("line"),
    Column("day", "day"),
    Column("currency", "currency"),
    *(Column(name, "amount") for name in _MOVES),
)


def earnings_report(session: Session, since: date, until: date) -> Table:
    """By creator and program, by earning day: `earned` = `given` - `taken_back`, as posted so far.

    Raises:
        Invalid: `bad_period`, `period_too_long`.
    """
    require_period(since, until)
    rows = stream(session, sql("rewards", "report_earnings"), since=since, until=until)
    return Table("earnings", EARNINGS, (list(part) for part in rows.partitions()))


def fund_report(session: Session, since: date, until: date, fund_id: str | None = None) -> Table:
    """A fund's lines, or all funds', day by day of the books, as the burn-down shows them.

    Raises:
        Invalid: `bad_period`, `period_too_long`.
    """
    require_period(since, until)
    currencies = {row.id: row.currency for row in session.execute(select(fund.c.id, fund.c.currency))}
    rows = stream(session, sql("rewards", "line_days"), fund=fund_id, since=since, until=until)
    return Table("fund", FUND, _line_days(rows.partitions(), currencies))


def _line_days(found: Iterator[Any], currencies: dict[str, str]) -> Iterator[Batch]:
    for part in found:
        yield [
            (row.fund, row.id, row.day, currencies[row.fund], *(int(getattr(row, name)) for name in _MOVES))
            for row in part
        ]
