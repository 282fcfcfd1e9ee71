"""Statements by the day of the books: opening, lines, closing.

Opening and closing are asked of the books, not added up from the lines, and all comes from one snapshot, so that a
reader never sees half an entry: opening + lines = closing, always.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid
from core.ids import public_id
from core.money import Money
from ledger.asof import is_closed
from ledger.read import require_account


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting; `amount` is natural (positive on the account's own side)."""

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


@dataclass(frozen=True, slots=True)
class AccountLine(StatementLine):
    """One posting of one account; `balance`: of the statement after it, natural."""

    version: int
    balance: Money


@dataclass(frozen=True, slots=True)
class Walk:
    """How far the pages of a statement have come; its ends are those of the first page."""

    after: int
    high: int
    running: int
    opening: int
    closing: int


@dataclass(frozen=True, slots=True)
class StatementPage:
    """One page of an account's statement; opening and closing are those of the whole. `final`: it never changes."""

    account: str
    opening: Money
    lines: list[AccountLine]
    closing: Money
    final: bool
    rest: Walk | None


def statement(
    session: Session, codes: Sequence[str], currency: str, since: date, until: date, limit: int = 100_000
) -> Statement:
    """The statement of one account, or of several taken as one (a creator's pots).

    Raises:
        Invalid: `bad_period`; `too_many_lines`, for more than `limit` of them.
    """
    _check(since, until)
    given = {"codes": list(codes), "currency": currency, "since": since, "until": until, "limit": limit + 1}
    rows = session.execute(sql("ledger", "statement"), given).all()
    lines = [StatementLine(*_shown(row, currency)) for row in rows if row.entry_id is not None]
    if len(lines) > limit:
        raise Invalid("too_many_lines", f"More than {limit} lines: ask for a shorter time.")
    return Statement(Money(rows[0].opening, currency), lines, Money(rows[0].closing, currency))


def account_statement(
    session: Session,
    code: str,
    currency: str | None,
    since: date,
    until: date,
    limit: int,
    walk: Walk | None = None,
) -> StatementPage:
    """A page of one account's statement, from its first line or from where a walk has come.

    Every page costs the same however long the account's history is, if the days before `since` are closed or recent.

    Raises:
        Invalid: `bad_period`.
        NotFound: no such account.
    """
    _check(since, until)
    account = require_account(session, code, currency)
    given = {"account": account.id, "since": since, "until": until}
    if walk is None:
        ends = session.execute(sql("ledger", "statement_ends"), given).one()
        walk = Walk(ends.low, ends.high, ends.opening, ends.opening, ends.closing)
    given |= {"after": walk.after, "high": walk.high, "running": walk.running, "size": limit + 1}
    rows = _in_order(session, given | {"normal": account.normal})
    more, rows = len(rows) > limit, rows[:limit]
    rest = Walk(rows[-1].version, walk.high, rows[-1].balance, walk.opening, walk.closing) if more else None
    cur = account.currency
    return StatementPage(
        account.code,
        Money(walk.opening, cur),
        [AccountLine(*_shown(row, cur), row.version, Money(row.balance, cur)) for row in rows],
        Money(walk.closing, cur),
        is_closed(session, until),
        rest,
    )


def _in_order(session: Session, given: dict[str, Any]) -> Sequence[Row[Any]]:
    """A page's rows, read along the account's index until there are enough.

    The planner, which guesses from an average account, would collect and sort all that is left of a busy one.
    """
    session.execute(text("SET LOCAL enable_bitmapscan = off"))
    rows = session.execute(sql("ledger", "statement_page"), given).all()
    session.execute(text("SET LOCAL enable_bitmapscan = DEFAULT"))
    return rows


def _check(since: date, until: date) -> None:
    if since > until:
        raise Invalid("bad_period", "The first day is after the last.")


def _shown(row: Row[Any], currency: str) -> tuple[str, str, str | None, date, date, datetime, Money]:
    entry = public_id("ent", row.entry_id, row.recorded_at)
    amount = Money(row.amount, currency)
    return entry, row.kind, row.note, row.booked_on, row.effective_on, row.recorded_at, amount
