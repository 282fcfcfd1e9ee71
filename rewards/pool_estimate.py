"""What a program's pools are worth: as they were split, and before that as they would be if they were split now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, Subquery, and_, func, or_, select, text
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid, NotFound
from core.money import Money, money_or_none
from core.settings import Settings
from rewards.figures import due_day, due_month, due_purchase, figures
from rewards.pool_period import Period, ends_at, final_at, periods
from rewards.pool_weigh import shares, weighed
from rewards.programs import get_program
from rewards.rules import Rule, active_rules
from rewards.tables import pool_split, reward_target

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class PoolPeriod:
    """A pool of one period: `keys` take part and weigh `weight` together; state open, closing or split."""

    rule: str
    version: int
    grain: str
    per: str
    period: str
    state: str
    amount: Money
    keys: int
    weight: Decimal
    paid: Money | None
    final_at: datetime
    split_at: datetime | None
    order: tuple[str, int]


@dataclass(frozen=True, slots=True)
class PoolShare:
    """A key's part of a pool. `owed` is the part after caps; None while it is an estimate."""

    key: str
    creator: str
    content: str | None
    product: str | None
    weight: Decimal
    share: Money
    owed: Money | None
    estimate: bool


def list_pools(
    session: Session, program_id: str, since: date, until: date, now: datetime, settings: Settings,
    limit: int, after: Sequence[Any] | None,
) -> list[PoolPeriod]:  # fmt: skip
    """A program's pools whose periods have days between the two, both included, and have begun; the oldest first.

    Raises:
        NotFound: no such program.
        Invalid: `bad_period` (the end before the start, or more than a year).
    """
    get_program(session, program_id)
    if not since <= until <= since + timedelta(days=MOST_DAYS):
        raise Invalid("bad_period", f"`to` is not before `from`, and at most {MOST_DAYS} days after it.")
    today = now.astimezone(settings.zone).date()
    found = [
        (rule, period)
        for rule in active_rules(session, program_id)
        if rule.pool is not None
        for period in periods(rule, since, min(until, today))
    ]
    found = sorted(found, key=lambda each: _order(*each))
    begun = [each for each in found if after is None or _order(*each) > tuple(after)][:limit]
    known = _splits(session, begun)
    totals = _totals(session, [each for each in begun if (each[0].id, each[1].first) not in known])
    return [_period(*each, known, totals, now, settings) for each in begun]


def pool_shares(
    session: Session, program_id: str, rule_name: str, period_name: str, creator: str | None, now: datetime,
    settings: Settings, limit: int, after: Sequence[Any] | None,
) -> list[PoolShare]:  # fmt: skip
    """The shares of one pool (of one creator), the largest first: as they were split, or as they would be now.

    Raises:
        NotFound: no such program, rule or period, or it has not begun.
    """
    rule, period = _named(session, program_id, rule_name, period_name, now.astimezone(settings.zone).date())
    split = bool(_splits(session, [(rule, period)]))
    if split:
        t = reward_target.c
        found = (
            select(t.key, t.creator, t.content, t.product, t.weight, t.original.label("share"), t.target.label("owed"))
            .where(t.rule_id == rule.id, t.day == period.last, t.weight.is_not(None), _named_by(rule, period))
        ).subquery("found")  # fmt: skip
        query = select(found)
    else:
        assert rule.pool is not None
        found = shares(rule.pool.amount)
        taking = weighed(rule, _figures(rule), period.first, period.next).cte("pool_key")
        query = select(found).add_cte(*_due(rule, period.first, period.last), taking)
    if creator is not None:
        query = query.where(found.c.creator == creator)
    query = query.where(_beyond(found, after)).order_by(found.c.share.desc(), found.c.key).limit(limit)
    return [_share(row, rule, split) for row in session.execute(query)]


def _named_by(rule: Rule, period: Period) -> Any:
    """The keys of days and months begin with them: a way to the split's rows by the index of keys."""
    return True if rule.grain == "sale" else reward_target.c.key.startswith(str(period))


def _order(rule: Rule, period: Period) -> tuple[str, int]:
    return period.first.isoformat(), rule.id


def _splits(session: Session, asked: Sequence[tuple[Rule, Period]]) -> dict[tuple[int, date], Any]:
    if not asked:
        return {}
    s = pool_split.c
    wanted = s.rule_id.in_({rule.id for rule, _ in asked}) & s.period.in_({each.first for _, each in asked})
    return {(row.rule_id, row.period): row for row in session.execute(select(pool_split).where(wanted))}


def _totals(
    session: Session, asked: Sequence[tuple[Rule, Period]]
) -> dict[tuple[int, date], tuple[int, Decimal]]:
    """Keys and weight of periods that are not split: one statement a rule, over all of its periods that are asked for."""
    found = {}
    for rule in {rule.id: rule for rule, _ in asked}.values():
        mine = [period for each, period in asked if each.id == rule.id]
        since, until = mine[0].first, mine[-1].last
        keys = weighed(rule, _figures(rule), since, until + timedelta(days=1)).subquery("keys")
        query = select(keys.c.period, func.count(), func.sum(keys.c.weight)).group_by(keys.c.period)
        for first, count, weight in session.execute(query.add_cte(*_due(rule, since, until))):
            found[rule.id, first] = (count, weight)
    return found


def _figures(rule: Rule) -> Subquery:
    return figures(rule.grain, rule.policy, rule.currency)


def _due(rule: Rule, since: date, until: date) -> list[CTE]:
    """What the figures are read from, as CTEs: a reading transaction makes no temp tables."""
    asked = {"policy": rule.policy, "since": since, "until": until}
    made = []
    for table, name in ((due_day, "days"), (due_month, "months"), (due_purchase, "purchases")):
        columns = ", ".join(table.c.keys())
        chosen = sql("rewards", f"fill_due_{name}").text.partition(f"INSERT INTO {table.name} ({columns})")[2]
        used = {key: value for key, value in asked.items() if f":{key}" in chosen}
        made.append(text(chosen).bindparams(**used).columns(*table.c).cte(table.name))
    return made


def _named(
    session: Session, program_id: str, rule_name: str, period_name: str, today: date
) -> tuple[Rule, Period]:
    get_program(session, program_id)
    first = _first_day(period_name)
    if first is not None and first <= today:
        for rule in active_rules(session, program_id):
            if rule.name == rule_name and rule.pool is not None:
                for period in periods(rule, first, first):
                    if str(period) == period_name:
                        return rule, period
    raise NotFound(
        "not_found", f"No pool {rule_name!r} of {period_name!r}: a period is 2026-11 or 2026-11-05."
    )


def _first_day(name: str) -> date | None:
    try:
        found = date.fromisoformat(f"{name}-01" if len(name) == len("2026-11") else name)
    except ValueError:
        return None
    return found if name.isascii() and found.year >= 2000 else None


def _beyond(found: Subquery, after: Sequence[Any] | None) -> Any:
    if after is None:
        return True
    share, key = after
    return or_(found.c.share < share, and_(found.c.share == share, found.c.key > key))


def _period(
    rule: Rule, period: Period, splits: Any, totals: Any, now: datetime, settings: Settings
) -> PoolPeriod:
    assert rule.pool is not None
    split = splits.get((rule.id, period.first))
    keys, weight = (
        (split.keys, split.weight) if split else totals.get((rule.id, period.first), (0, Decimal(0)))
    )
    return PoolPeriod(
        rule.name,
        rule.version,
        rule.grain,
        rule.pool.per,
        str(period),
        "split" if split else "open" if now < ends_at(period, settings) else "closing",
        Money(rule.pool.amount, rule.currency),
        keys,
        weight,
        money_or_none(split.paid if split else None, rule.currency),
        final_at(period, settings),
        split.split_at if split else None,
        _order(rule, period),
    )


def _share(row: Any, rule: Rule, split: bool) -> PoolShare:
    return PoolShare(
        row.key,
        row.creator,
        row.content,
        row.product,
        row.weight,
        Money(row.share, rule.currency),
        money_or_none(row.owed if split else None, rule.currency),
        not split,
    )
