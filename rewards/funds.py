"""Funds: a pot of money with a budget, filled by deposits, divided into lines.

What a line holds is the balance of its ledger account, whose floor is zero: no code path can overspend it. What it was
allocated, what transfers brought and what a person adjusted are sums of entries; what is neither there nor held was spent.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Conflict
from core.money import MAX_MICROS, Money
from core.settings import Settings
from ledger import accounts
from ledger.balances import natural
from rewards.deposit import deposited
from rewards.forecast import WEEK, a_day, lasts_until
from rewards.fund_locks import find_fund
from rewards.fund_tables import fund


@dataclass(frozen=True, slots=True)
class Line:
    """A named part of a fund. `allocated` less what it gave back; `transferred` in less out; `adjusted` by hand;
    `spent`: rewards and grants, less what was taken back; `waiting`: owed by its rules and not yet payable."""

    id: str
    purpose: str
    allocation: Money
    per: str
    rollover: bool
    balance: Money
    allocated: Money
    transferred: Money
    adjusted: Money
    spent: Money
    granted: Money
    waiting: Money
    exhausts_on: date | None


@dataclass(frozen=True, slots=True)
class Fund:
    id: str
    name: str
    currency: str
    budget: Money
    deposited: Money
    unallocated: Money
    lines: list[Line]


def create_fund(session: Session, fund_id: str, name: str, budget: Money) -> None:
    """A new, empty fund.

    Raises:
        Conflict: `fund_exists`.
    """
    made = insert(fund).values(id=fund_id, name=name, currency=budget.currency, budget=budget.micros)
    if session.execute(made.on_conflict_do_nothing().returning(fund.c.id)).first() is None:
        raise Conflict("fund_exists", f"There is a fund {fund_id!r} already.")


def get_fund(session: Session, fund_id: str, now: datetime, settings: Settings) -> Fund:
    """A fund as it stands.

    Raises:
        NotFound: no such fund.
    """
    row = find_fund(session, fund_id)
    pot = accounts.fund_unallocated(fund_id)
    today = now.astimezone(settings.zone).date()
    waiting = {
        each.line: each.waiting for each in session.execute(sql("rewards", "line_waiting"), {"fund": fund_id})
    }
    daily = daily_spending(session, fund_id, today)
    states = line_states(session, fund_id, today)
    return Fund(
        row.id,
        row.name,
        row.currency,
        Money(row.budget, row.currency),
        Money(deposited(session, fund_id), row.currency),
        natural(session, [pot], row.currency)[pot],
        [_line(each, waiting.get(each.id, 0), daily.get(each.id, 0), today) for each in states],
    )


def list_funds(
    session: Session, limit: int, after: str | None, now: datetime, settings: Settings
) -> list[Fund]:
    """Funds by id."""
    ids = session.scalars(
        select(fund.c.id).where(fund.c.id > (after or "")).order_by(fund.c.id).limit(limit)
    ).all()
    return [get_fund(session, each, now, settings) for each in ids]


def line_states(session: Session, fund_id: str | None, today: date) -> list[Row[Any]]:
    """Every line of a fund, or of all funds, as `line_state.sql` tells; by fund and id."""
    return list(session.execute(sql("rewards", "line_state"), {"fund": fund_id, "today": today}))


def unallocated(session: Session) -> dict[str, Money]:
    """By fund what it holds outside its lines."""
    return {
        row.id: Money(row.balance, row.currency) for row in session.execute(sql("rewards", "unallocated"))
    }


def daily_spending(session: Session, fund_id: str, today: date) -> dict[str, int]:
    """What each line spends a day, by the last week, in micros."""
    asked = {"fund": fund_id, "since": today - timedelta(WEEK), "until": today}
    spent: dict[str, dict[date, int]] = {}
    began: dict[str, date | None] = {}
    for row in session.execute(sql("rewards", "line_days"), asked):
        spent.setdefault(row.id, {})[row.day] = int(row.rewards + row.grants - row.taken_back)
        began[row.id] = row.began_on
    return {line: a_day(days, began[line], today) for line, days in spent.items()}


def bounded(amount: Any, currency: str) -> Money:
    """Money of a sum that the database made: a turnover of many years may pass what one balance can hold."""
    return Money(max(1 - MAX_MICROS, min(MAX_MICROS - 1, int(amount))), currency)


def _line(row: Row[Any], waiting: int, daily: int, today: date) -> Line:
    spent = row.allocated + row.transferred + row.adjusted - row.balance
    sums = (row.balance, row.allocated, row.transferred, row.adjusted, spent, row.granted, waiting)
    return Line(
        row.id,
        row.purpose,
        Money(row.allocation, row.currency),
        row.per,
        row.rollover,
        *(bounded(each, row.currency) for each in sums),
        lasts_until(row.balance, daily, today),
    )
