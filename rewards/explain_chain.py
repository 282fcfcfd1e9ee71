"""From what a formula gives to what is posted: refunds, caps and the cut of a line that fell short, one step at a time.

Each step is computed here again, in plain integers, from what pricing stored, so that an explanation that does not add
up shows.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Text, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session

from core.money import Money, round_half_up
from rewards.explain_figures import Key
from rewards.funds import bounded
from rewards.rules import Cap, Rule
from rewards.tables import reward_target

MOST_USERS = 5


@dataclass(frozen=True, slots=True)
class CapStep:
    """One cap: what counted before this key in its scope, and how much of this key's reward it lets pass.

    `used_by`: the largest of what came before, told only where it is all the creator's own.
    """

    per: str
    amount: Money
    first: date
    last: date
    creator: str | None
    before: Money
    before_keys: int
    passed: Money
    cut: Money
    used_by: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RefundStep:
    """Of a sale: what the creator's part was worth, what refunds left of it, and of the reward. `stands` is false when
    the sale was given to others since."""

    sold: Money
    left: Money
    stands: bool
    reward: Money


def refund_step(rule: Rule, original: int, key: Key) -> RefundStep:
    """What refunds left of a sale's reward: original x left / sold, rounded half up once."""
    if not key.stands:
        left = 0
    elif key.net == key.gross:
        left = original
    else:
        left = round_half_up(original * key.net, key.gross) if key.gross else 0
    money = [Money(micros, rule.currency) for micros in (key.gross, key.net)]
    return RefundStep(*money, key.stands, Money(left, rule.currency))


def cap_steps(session: Session, rule: Rule, target: Any) -> list[CapStep]:
    """Every cap of the rule on a target. Each cuts the running sum by itself, and the least that passes stands."""
    return [_cap_step(session, rule, cap, target) for cap in rule.caps]


def _cap_step(session: Session, rule: Rule, cap: Cap, target: Any) -> CapStep:
    t = reward_target.c
    first, last = scope_of(cap.per, target.day)
    order = tuple_(t.occurred_at, t.key)
    this = tuple_(cast(target.occurred_at, TIMESTAMP(timezone=True)), cast(target.key, Text(collation="C")))
    earlier = [t.rule_id == rule.id, t.day.between(first, last), order < this]
    earlier.append(t.whole if cap.whole else t.creator == target.creator)
    counted = func.count().filter(t.uncapped > 0)
    before, keys = session.execute(
        select(func.coalesce(func.sum(t.uncapped), 0), counted).where(*earlier)
    ).one()
    passed = min(target.uncapped, max(0, cap.amount - int(before)))
    largest = select(t.key, t.uncapped).where(*earlier, t.uncapped > 0).order_by(t.uncapped.desc(), t.key)
    used = [] if cap.whole else session.execute(largest.limit(MOST_USERS)).all()

    def money(micros: Any) -> Money:
        return bounded(micros, rule.currency)

    return CapStep(
        cap.per,
        money(cap.amount),
        first,
        last,
        None if cap.whole else target.creator,
        money(before),
        keys,
        money(passed),
        money(target.uncapped - passed),
        [{"key": row.key, "amount": money(row.uncapped)} for row in used],
    )


def scope_of(per: str, day: date) -> tuple[date, date]:
    """The first and the last day of a cap's scope that holds the day."""
    if per.endswith("day"):
        return day, day
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def bears(target: Any) -> int:
    """What the target bears of its cut now: all of it, or in proportion where the target is lower than it was then."""
    if target.target >= target.cut_at:
        return int(target.cut)
    return round_half_up(target.cut * target.target, target.cut_at)
