"""Funds: a pot of money with a budget, filled by deposits, divided into lines.

What a line holds is the balance of its ledger account, whose floor is zero: no code path can overspend it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Conflict, Invalid, NotFound, Refused
from core.ids import public_id
from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.balances import natural
from ledger.post import credit, debit, post
from rewards.allocate import allocate_fund
from rewards.fund_tables import deposit, fund, fund_line


@dataclass(frozen=True, slots=True)
class Line:
    """A named part of a fund. `spent`: allocated and no longer there; `waiting`: owed by its rules and not yet payable."""

    id: str
    purpose: str
    allocation: Money
    per: str
    rollover: bool
    balance: Money
    allocated: Money
    spent: Money
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


@dataclass(frozen=True, slots=True)
class Deposit:
    id: str
    fund: str
    amount: Money
    reference: str | None
    entry: str
    created_at: datetime


def create_fund(session: Session, fund_id: str, name: str, budget: Money) -> None:
    """A new, empty fund.

    Raises:
        Conflict: `fund_exists`.
    """
    made = insert(fund).values(id=fund_id, name=name, currency=budget.currency, budget=budget.micros)
    if session.execute(made.on_conflict_do_nothing().returning(fund.c.id)).first() is None:
        raise Conflict("fund_exists", f"There is a fund {fund_id!r} already.")


def lock_fund(session: Session, fund_id: str):  # type: ignore[no-untyped-def]
    """The fund's row, locked until the transaction ends.

    Raises:
        NotFound: no such fund.
    """
    row = session.execute(select(fund).where(fund.c.id == fund_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No fund {fund_id!r}.")
    return row


def deposit_money(
    session: Session,
    fund_id: str,
    amount: Money,
    reference: str | None,
    person: str,
    now: datetime,
    settings: Settings,
) -> Deposit:
    """Money arrives from the bank; what is due to the lines is allocated at once.

    Raises:
        NotFound: no such fund.
        Invalid: `wrong_currency`.
        Refused: `budget_exceeded`.
    """
    row = lock_fund(session, fund_id)
    _same_currency(amount, row.currency, "/amount/currency")
    before = _deposited(session, fund_id)
    if before + amount.micros > row.budget:
        left = Money(row.budget - before, row.currency)
        raise Refused("budget_exceeded", f"The budget leaves room for {left} more.", left=left.amount)
    today = now.astimezone(settings.zone).date()
    posted = post(
        session,
        key=f"deposit:{fund_id}:{before}",  # the sum only grows, under the row's lock
        kind="fund.deposit",
        effective_on=today,
        note=reference,
        legs=[
            debit(accounts.bank("manual", row.currency), amount),
            credit(accounts.fund_unallocated(fund_id), amount),
        ],
    )
    made = session.execute(
        deposit.insert()
        .values(fund=fund_id, amount=amount.micros, reference=reference, made_by=person, entry_id=posted.id)
        .returning(deposit.c.id, deposit.c.created_at)
    ).one()
    allocate_fund(session, fund_id, now, settings)
    return Deposit(
        public_id("dep", made.id, made.created_at), fund_id, amount, reference, posted.public, made.created_at
    )


def _deposited(session: Session, fund_id: str) -> int:
    return int(
        session.scalar(select(func.coalesce(func.sum(deposit.c.amount), 0)).where(deposit.c.fund == fund_id))
        or 0
    )


def create_line(
    session: Session,
    fund_id: str,
    line: str,
    purpose: str,
    allocation: Money,
    per: str,
    rollover: bool,
    now: datetime,
    settings: Settings,
) -> None:
    """A new line; its first allocation is made at once, as far as the fund's money goes.

    Raises:
        NotFound: no such fund.
        Invalid: `wrong_currency`.
        Conflict: `line_exists`.
    """
    row = lock_fund(session, fund_id)
    _same_currency(allocation, row.currency, "/allocation/amount/currency")
    made = insert(fund_line).values(
        fund=fund_id,
        id=line,
        purpose=purpose,
        allocation=allocation.micros,
        per=per,
        rollover=rollover,
        created_at=now,
    )
    if session.execute(made.on_conflict_do_nothing().returning(fund_line.c.id)).first() is None:
        raise Conflict("line_exists", f"The fund has a line {line!r} already.")
    allocate_fund(session, fund_id, now, settings)


def _same_currency(money: Money, currency: str, pointer: str) -> None:
    if money.currency != currency:
        raise Invalid("wrong_currency", f"The fund is in {currency}.", pointer=pointer)


def get_fund(session: Session, fund_id: str, now: datetime, settings: Settings) -> Fund:
    """A fund as it stands.

    Raises:
        NotFound: no such fund.
    """
    row = session.execute(select(fund).where(fund.c.id == fund_id)).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No fund {fund_id!r}.")
    currency = row.currency
    pot = accounts.fund_unallocated(fund_id)
    today = now.astimezone(settings.zone).date()
    lines = [
        Line(
            each.id,
            each.purpose,
            Money(each.allocation, currency),
            each.per,
            each.rollover,
            Money(each.balance, currency),
            Money(each.allocated, currency),
            Money(each.allocated - each.balance, currency),
            Money(each.waiting, currency),
            _exhausts_on(each.balance, each.last_week, today),
        )
        for each in session.execute(sql("rewards", "fund_lines"), {"fund": fund_id, "now": now})
    ]
    return Fund(
        row.id,
        row.name,
        currency,
        Money(row.budget, currency),
        Money(_deposited(session, fund_id), currency),
        natural(session, [pot], currency)[pot],
        lines,
    )


def _exhausts_on(balance: int, last_week: int, today: date) -> date | None:
    """The day on which the line is empty if it is spent as in the last seven days; None when nothing was spent."""
    if last_week <= 0:
        return None
    days = min(-(-balance * 7 // last_week), 36500)
    return today + timedelta(days=days) if days < 36500 else None


def list_funds(
    session: Session, limit: int, after: str | None, now: datetime, settings: Settings
) -> list[Fund]:
    """Funds by id."""
    ids = session.scalars(
        select(fund.c.id).where(fund.c.id > (after or "")).order_by(fund.c.id).limit(limit)
    ).all()
    return [get_fund(session, each, now, settings) for each in ids]


def list_deposits(session: Session, fund_id: str, limit: int, after: int | None) -> list[tuple[int, Deposit]]:
    """A fund's deposits with their keys, oldest first."""
    rows = session.execute(
        sql("rewards", "deposits"), {"fund": fund_id, "after": after or 0, "limit": limit}
    ).all()
    return [
        (
            row.id,
            Deposit(
                public_id("dep", row.id, row.created_at),
                fund_id,
                Money(row.amount, row.currency),
                row.reference,
                public_id("ent", row.entry_id, row.recorded_at),
                row.created_at,
            ),
        )
        for row in rows
    ]
