"""Burn-down: how a fund's lines were spent day by day, and on which day each will run dry."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid
from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.balances import natural
from rewards.deposit import deposited
from rewards.forecast import Ahead, dry_days
from rewards.fund_locks import find_fund
from rewards.funds import bounded, daily_spending, line_states

LEVELS = (50, 80, 95)
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class BurnDay:
    """A line's day of the books: opening + allocated + transferred + adjusted - rewards - grants + taken back = closing."""

    day: date
    opening: Money
    allocated: Money
    transferred: Money
    adjusted: Money
    rewards: Money
    grants: Money
    taken_back: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class BurnLine:
    """A line now. `given`: what it had to spend in its present period, which began on `since`; `percent` of it is spent."""

    id: str
    purpose: str
    per: str
    balance: Money
    daily: Money
    dry_on: date | None
    since: date
    given: Money
    percent: int
    warning: int | None
    days: list[BurnDay]


@dataclass(frozen=True, slots=True)
class BurnDown:
    fund: str
    currency: str
    since: date
    until: date
    budget: Money
    deposited: Money
    budget_left: Money
    unallocated: Money
    lines: list[BurnLine]


def burn_down(
    session: Session,
    fund_id: str,
    now: datetime,
    settings: Settings,
    since: date | None = None,
    until: date | None = None,
) -> BurnDown:
    """A fund's days from `since` to `until`: the last 30 unless said otherwise.

    Raises:
        NotFound: no such fund.
        Invalid: `bad_period`, the end before the beginning; `period_too_long`.
    """
    row = find_fund(session, fund_id)
    today = now.astimezone(settings.zone).date()
    until = until or today
    since = since or until - timedelta(29)
    require_period(since, until)
    asked = {"fund": fund_id, "since": since, "until": until}
    days: dict[str, list[BurnDay]] = {}
    for each in session.execute(sql("rewards", "line_days"), asked):
        days.setdefault(each.id, []).append(_day(each, row.currency))
    states = line_states(session, fund_id, today)
    daily = daily_spending(session, fund_id, today)
    left = _unallocated(session, fund_id, row.currency)
    dry = dry_days(_ahead(states, daily), left.micros, today)
    paid = deposited(session, fund_id)
    return BurnDown(
        row.id,
        row.currency,
        since,
        until,
        Money(row.budget, row.currency),
        Money(paid, row.currency),
        Money(row.budget - paid, row.currency),
        left,
        [_line(each, daily.get(each.id, 0), dry[each.id], days.get(each.id, [])) for each in states],
    )


def dry_on(
    session: Session, fund_id: str, states: list[Row[Any]], currency: str, today: date
) -> dict[str, date | None]:
    """By line of one fund the day on which it runs dry."""
    daily = daily_spending(session, fund_id, today)
    left = _unallocated(session, fund_id, currency)
    return dry_days(_ahead(states, daily), left.micros, today)


def spent_ratio(row: Row[Any]) -> Decimal:
    """The part of what a line had to spend in its present period that it spent; one that had nothing spent none."""
    return max(Decimal(0), (row.given - row.balance) / row.given) if row.given > 0 else Decimal(0)


def percent_spent(row: Row[Any]) -> int:
    """The same in whole percents."""
    return int(spent_ratio(row) * 100)


def warning_level(percent: int) -> int | None:
    """The highest of 50, 80 and 95 that is reached."""
    return max((level for level in LEVELS if percent >= level), default=None)


def require_period(since: date, until: date) -> None:
    if until < since:
        raise Invalid("bad_period", "The last day lies before the first.", pointer="/to")
    if (until - since).days >= MOST_DAYS:
        raise Invalid("period_too_long", f"Ask for at most {MOST_DAYS} days.", pointer="/from")


def _unallocated(session: Session, fund_id: str, currency: str) -> Money:
    pot = accounts.fund_unallocated(fund_id)
    return natural(session, [pot], currency)[pot]


def _ahead(states: list[Row[Any]], daily: dict[str, int]) -> list[Ahead]:
    return [
        Ahead(
            row.id,
            row.per,
            row.rollover,
            row.allocation,
            row.balance,
            int(row.short),
            daily.get(row.id, 0),
        )
        for row in states
    ]


def _line(row: Row[Any], daily: int, dry: date | None, days: list[BurnDay]) -> BurnLine:
    percent = percent_spent(row)
    return BurnLine(
        row.id,
        row.purpose,
        row.per,
        Money(row.balance, row.currency),
        bounded(daily, row.currency),
        dry,
        row.starts_on,
        bounded(row.given, row.currency),
        percent,
        warning_level(percent),
        days,
    )


def _day(row: Row[Any], currency: str) -> BurnDay:
    sums = (
        row.opening,
        row.allocated,
        row.transferred,
        row.adjusted,
        row.rewards,
        row.grants,
        row.taken_back,
        row.closing,
    )
    return BurnDay(row.day, *(bounded(each, currency) for each in sums))
