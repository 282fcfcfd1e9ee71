"""A share of a pool: what the key weighed among how many, what that came to, and how it was rounded."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from core.money import Money
from core.settings import Settings
from formula.limits import EXACT, divide
from rewards.explain_figures import Key, worth
from rewards.pool_period import Period, final_at, periods
from rewards.rules import Rule
from rewards.tables import pool_split, reward_target


@dataclass(frozen=True, slots=True)
class PoolStep:
    """A key's share as the pool was split. `exact`: before rounding, in units, cut to 12 decimals; `floor`: cut to the
    micro; `share` is that or one micro more. `weight_now`: by the figures as they stand now; they re-split nothing.
    """

    period: str
    first: date
    last: date
    amount: Money
    keys: int
    top: int | None
    total_weight: Decimal
    weight: Decimal
    exact: Decimal
    floor: Money
    share: Money
    split_at: datetime
    final_at: datetime
    weight_now: Decimal | None
    changed: bool


def period_of(rule: Rule, day: date) -> Period | None:
    """The pool's period that holds the day, if it begins on a day of the rule's version."""
    return next(periods(rule, day, day), None)


def split_of(session: Session, rule: Rule, period: Period) -> Any:
    """The row of the period's split, or None before it."""
    s = pool_split.c
    found = select(pool_split).where(s.rule_id == rule.id, s.period == period.first)
    return session.execute(found).one_or_none()


def pool_step(
    session: Session, rule: Rule, target: Any, key: Key | None, settings: Settings
) -> PoolStep | None:
    """How the target's share came about; None for a rule without a pool."""
    if rule.pool is None:
        return None
    period = period_of(rule, target.day)
    assert period is not None
    split = split_of(session, rule, period)
    with localcontext(EXACT):
        exact = divide(Decimal(rule.pool.amount) * target.weight, split.weight)
        units = exact.scaleb(-6)
    now = None if key is None else weight_now(rule, key)
    return PoolStep(
        str(period),
        period.first,
        period.last,
        Money(rule.pool.amount, rule.currency),
        split.keys,
        rule.pool.top,
        split.weight,
        target.weight,
        units,
        Money(int(exact), rule.currency),
        Money(target.original, rule.currency),
        split.split_at,
        final_at(period, settings),
        now,
        now != target.weight,
    )


def weight_now(rule: Rule, key: Key) -> Decimal:
    """What the key weighs by its figures of now; a sale by what refunds left of it, cut to 12 decimals."""
    assert rule.pool is not None
    units = worth(rule, rule.pool.weight, key.values).units
    if rule.grain != "sale" or key.net == key.gross:
        return units if key.stands else Decimal(0)
    with localcontext(EXACT):
        return divide(units * key.net, Decimal(key.gross)) if key.stands and key.gross else Decimal(0)


def lowest_weight(session: Session, rule: Rule, period: Period) -> Decimal | None:
    """The least that any key weighed that took part."""
    t = reward_target.c
    of_it = and_(t.rule_id == rule.id, t.day == period.last, t.weight.is_not(None))
    return session.scalar(select(func.min(t.weight)).where(of_it))
