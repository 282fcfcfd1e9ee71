"""Allocate: every line receives what is due to it, as soon as it is due and the fund has it."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.balances import natural
from ledger.post import credit, debit, post
from rewards.fund_tables import allocation, fund, fund_line


def allocate(session: Session, now: datetime, settings: Settings) -> int:
    """Allocate in every fund. Returns how many allocations and returns were posted; a repeat posts nothing."""
    ids = session.scalars(select(fund.c.id).order_by(fund.c.id).with_for_update(key_share=True)).all()
    return sum(allocate_fund(session, each, now, settings) for each in ids)


def allocate_fund(session: Session, fund_id: str, now: datetime, settings: Settings) -> int:
    """Allocate in one fund, whose row the caller has locked. Lines in the order of their ids share what there is.

    An allocation that the fund's unallocated money cannot cover is made in part and completed when money comes.
    """
    currency = session.scalars(select(fund.c.currency).where(fund.c.id == fund_id)).one()
    lines = session.execute(
        select(fund_line)
        .where(fund_line.c.fund == fund_id)
        .order_by(fund_line.c.id)
        .with_for_update(key_share=True)
    ).all()
    today = now.astimezone(settings.zone).date()
    posted = 0
    for line in lines:
        periods = _periods(line.per, line.created_at.astimezone(settings.zone).date(), today, line.rollover)
        rows = [
            {"fund": fund_id, "line": line.id, "period": each, "due": line.allocation, "given": 0}
            for each in periods
        ]
        session.execute(insert(allocation).on_conflict_do_nothing(), rows)
        if not line.rollover:
            posted += _give_back(session, fund_id, line.id, currency, periods[-1], today)
        posted += _give(session, fund_id, line.id, currency, today)
    return posted


def _periods(per: str, since: date, today: date, rollover: bool) -> list[date]:
    """First days of the periods due: all since the line's start, or the present one where nothing is carried over."""
    if per == "once":
        return [since]
    if per == "month":
        months = range(since.year * 12 + since.month - 1, today.year * 12 + today.month)
        all_ = [date(month // 12, month % 12 + 1, 1) for month in months]
    else:
        all_ = [date.fromordinal(n) for n in range(since.toordinal(), today.toordinal() + 1)]
    return all_ if rollover else all_[-1:]


def _give(session: Session, fund_id: str, line: str, currency: str, today: date) -> int:
    pot, target = accounts.fund_unallocated(fund_id), accounts.fund_line(fund_id, line)
    short = select(allocation).where(
        allocation.c.fund == fund_id,
        allocation.c.line == line,
        allocation.c.given < allocation.c.due,
        allocation.c.returned.is_(None),
    )
    posted = 0
    for each in session.execute(short.order_by(allocation.c.period)).all():
        amount = min(natural(session, [pot], currency)[pot].micros, each.due - each.given)
        if amount <= 0:
            break
        money = Money(amount, currency)
        post(
            session,
            key=f"allocation:{fund_id}:{line}:{each.period}:{each.given}",
            kind="fund.allocate",
            effective_on=today,
            legs=[debit(pot, money), credit(target, money)],
        )
        _move(session, each, given=each.given + amount)
        posted += 1
    return posted


def _give_back(session: Session, fund_id: str, line: str, currency: str, present: date, today: date) -> int:
    """Return what is left of the periods before the present one, once each."""
    t = allocation
    past = select(t).where(
        t.c.fund == fund_id, t.c.line == line, t.c.period < present, t.c.returned.is_(None)
    )
    source = accounts.fund_line(fund_id, line)
    posted = 0
    for each in session.execute(past.order_by(t.c.period)).all():
        left = Money(min(natural(session, [source], currency)[source].micros, each.given), currency)
        if left.micros:
            post(
                session,
                key=f"allocation:{fund_id}:{line}:{each.period}:return",
                kind="fund.return",
                effective_on=today,
                legs=[debit(source, left), credit(accounts.fund_unallocated(fund_id), left)],
            )
            posted += 1
        _move(session, each, returned=left.micros)
    return posted


def _move(session: Session, row, **values: int) -> None:  # type: ignore[no-untyped-def]
    t = allocation
    session.execute(
        t.update()
        .where(t.c.fund == row.fund, t.c.line == row.line, t.c.period == row.period)
        .values(**values)
    )
