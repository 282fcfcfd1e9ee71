"""Deposit: money arrives from the bank for a fund."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Refused
from core.ids import public_id
from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.post import credit, debit, post
from rewards.allocate import allocate_fund
from rewards.fund_locks import find_fund, lock_all_lines, require_currency
from rewards.fund_tables import deposit


@dataclass(frozen=True, slots=True)
class Deposit:
    id: str
    fund: str
    amount: Money
    reference: str | None
    entry: str
    created_at: datetime


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
    row = find_fund(session, fund_id, lock=True)
    require_currency(amount, row.currency, "/amount/currency")
    lock_all_lines(session, fund_id)
    before = deposited(session, fund_id)
    if before + amount.micros > row.budget:
        left = Money(row.budget - before, row.currency)
        raise Refused("budget_exceeded", f"The budget leaves room for {left} more.", left=left.amount)
    posted = post(
        session,
        key=f"deposit:{fund_id}:{before}",  # the sum only grows, under the row's lock
        kind="fund.deposit",
        effective_on=now.astimezone(settings.zone).date(),
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


def deposited(session: Session, fund_id: str) -> int:
    """The sum of a fund's deposits, in micros."""
    total = select(func.coalesce(func.sum(deposit.c.amount), 0)).where(deposit.c.fund == fund_id)
    return int(session.scalar(total) or 0)


def list_deposits(session: Session, fund_id: str, limit: int, after: int | None) -> list[tuple[int, Deposit]]:
    """A fund's deposits with their keys, oldest first.

    Raises:
        NotFound: no such fund.
    """
    find_fund(session, fund_id)
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
