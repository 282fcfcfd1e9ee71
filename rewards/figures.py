"""The figures of a grain: one row a key, whose columns are the names that formulas use, and what a target needs beside.

Each grain has one statement in `sql/`. It reads its keys from temp tables (`due_day`, `due_month`, `due_purchase`), so
that pricing, pools, backtests and explanations all read the same figures.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    MetaData,
    Numeric,
    Subquery,
    Table,
    Text,
    column,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session

from core.database import sql
from formula import NAMES, RATIOS, Type

_KEYS = {"day": Date, "creator": Text, "content": Text, "key": Text, "purchase_id": BigInteger}
_MOMENT = TIMESTAMP(timezone=True)
_BESIDE = {
    "sale": {"occurred_at": _MOMENT, "gross": BigInteger, "net": BigInteger, "stands": Boolean},
    "product_day": {},
    "content_day": {},
    "creator_day": {},
    "creator_month": {"first": Date},
}
_TEMPORARY = MetaData()
_OPTIONS: dict[str, Any] = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DELETE ROWS"}
due_day = Table(
    "due_day",
    _TEMPORARY,
    Column("day", Date),
    Column("creator", Text(collation="C")),
    Column("content", Text(collation="C")),
    **_OPTIONS,
)
due_month = Table(
    "due_month", _TEMPORARY, Column("month", Date), Column("creator", Text(collation="C")), **_OPTIONS
)
due_purchase = Table("due_purchase", _TEMPORARY, Column("purchase_id", BigInteger), **_OPTIONS)


def make_due(session: Session) -> None:
    """The temp tables of what is due, empty."""
    for table in (due_day, due_month, due_purchase):
        table.create(session.connection(), checkfirst=True)
        session.execute(table.delete())


def fill_due(session: Session, policy: str, since: date, until: date) -> None:
    """Make everything from `since` to `until` due, both included; whole months for the month grain."""
    make_due(session)
    days = {"policy": policy, "since": since, "until": until}
    session.execute(sql("rewards", "fill_due_days"), days)
    session.execute(sql("rewards", "fill_due_months"))
    session.execute(sql("rewards", "fill_due_purchases"), days)
    analyze_due(session)


def analyze_due(session: Session) -> None:
    """Let the planner know how much is due."""
    session.execute(text("ANALYZE due_day, due_month, due_purchase"))


def figures(grain: str, policy: str, currency: str) -> Subquery:
    """The grain's figures of what is due, by a policy's shares in a currency.

    Columns: `day` (of a month its last), `creator`, `content`, `key`, `purchase_id`, the grain's names but for ratios;
    at sale grain `occurred_at`, `gross` and `net` micros of the share and whether it `stands`; at month grain `first`, its first day.
    """
    names = {name: kind for name, kind in NAMES[grain].items() if name not in RATIOS}
    typed = [
        column(name, Text if kind is Type.TEXT else Numeric)
        for name, kind in names.items()
        if name not in _KEYS
    ]
    keys = [column(name, kind) for name, kind in (_KEYS | _BESIDE[grain]).items()]
    statement = text(sql("rewards", grain).text).bindparams(policy=policy, currency=currency)
    return statement.columns(*keys, *typed).subquery("figures")
