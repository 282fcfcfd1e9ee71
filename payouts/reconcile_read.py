"""The reconciliation as its page shows it: what each side says, what is under way, what is open."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from core.money import Money, money_or_none
from ledger import accounts
from ledger.balances import natural
from payouts.bank_tables import difference
from payouts.reconcile_tables import reconciliation
from payouts.store import UNFINISHED
from payouts.tables import payout

_r, _d = reconciliation.c, difference.c


@dataclass(frozen=True, slots=True)
class CurrencySummary:
    """`ledger`, `provider` and `bank` are as of the last reconciliation, `since` a day: sent by Stripe and bank files, by
    our books, by Stripe's, by the statements; without differences the first is the sum of the others. The rest is of now.
    `amount`: of the open differences, without signs.
    """

    currency: str
    since: date | None
    complete: bool
    ledger: Money
    provider: Money | None
    bank: Money
    in_transit: Money
    suspense: Money
    open: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Summary:
    """`as_of`: of the last reconciliation; None: there was none."""

    as_of: datetime | None
    currencies: list[CurrencySummary]


def summary(session: Session) -> Summary:
    """One line a currency that was compared, is under way or has something open."""
    as_of = session.scalar(select(func.max(_r.at)))
    last = {row.currency: row for row in session.execute(select(reconciliation).where(_r.at == as_of))}
    transit = _sums(session, select(payout.c.currency, func.sum(payout.c.amount), func.count()).where(
        payout.c.state.in_(UNFINISHED)).group_by(payout.c.currency))  # fmt: skip
    open_ = _sums(session, select(_d.currency, func.sum(func.abs(_d.amount)), func.count()).where(
        _d.resolved_at.is_(None), _d.currency != "XXX").group_by(_d.currency))  # fmt: skip
    currencies = sorted((last.keys() | transit.keys() | open_.keys()) - {"XXX"})
    none = (0, 0)
    return Summary(
        as_of,
        [
            _line(session, each, last.get(each), transit.get(each, none)[0], open_.get(each, none))
            for each in currencies
        ],
    )


def _sums(session: Session, query: Any) -> dict[str, tuple[int, int]]:
    return {currency: (int(total), count) for currency, total, count in session.execute(query)}


def _line(
    session: Session, currency: str, last: Row[Any] | None, transit: int, open_: tuple[int, int]
) -> CurrencySummary:
    pot = accounts.suspense(currency)
    return CurrencySummary(
        currency,
        last and last.since,
        bool(last and last.complete),
        Money(last.ledger if last else 0, currency),
        money_or_none(last and last.provider, currency),
        Money(last.bank if last else 0, currency),
        Money(transit, currency),
        natural(session, [pot], currency)[pot],
        open_[1],
        Money(open_[0], currency),
    )
