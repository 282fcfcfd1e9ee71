"""Capped rules and pools in a trial: their keys are cut in the order of the targets, as `caps.py` cuts them."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Numeric,
    Select,
    SmallInteger,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.orm import Session

from rewards.figures import figures
from rewards.pool_weigh import shares, weighed
from rewards.rules import Rule
from rewards.target import owed
from rewards.trial import NEW, Span, Tried, add, within

_SCOPES: dict[str, Callable[[Any], tuple[ColumnElement[Any], ...]]] = {
    "creator_day": lambda c: (c.creator, c.day),
    "creator_month": lambda c: (c.creator, func.date_trunc("month", c.day)),
    "program_day": lambda c: (c.day,),
    "program_month": lambda c: (func.date_trunc("month", c.day),),
}


def by_month(rule: Rule) -> bool:
    """Does a cap of it run over a month?"""
    return any(cap.per.endswith("month") for cap in rule.caps)


def try_keys(session: Session, each: Tried, span: Span) -> None:
    """What a capped rule or a pool owes for what is due.

    Rules that are tried begin their caps anew on the first day tried; those in force had begun theirs before.
    """
    since = span.first if each.side == NEW else span.read
    if each.rule.pool is not None:
        days = _pool_days(each.rule, span, since)
        if days:
            add(session, _pooled(each, span, *days))
    elif each.rule.grain != "creator_month" or span.whole:
        add(session, _summed(each, _cut(each.rule, _owed(each.rule, since, span.last)), span))


def _owed(rule: Rule, first: date, last: date) -> Subquery:
    given = figures(rule.grain, rule.policy, rule.currency)
    inside = select(given).where(within(given, rule.grain, first, last)).subquery("inside")
    rows = owed(rule, inside).subquery("owed")
    return _keys(rows, rows.c.seller, rows.c.day, rows.c.uncapped)


def _pool_days(rule: Rule, span: Span, since: date) -> tuple[date, date] | None:
    """From when to before when the span holds whole periods of a rule's pool; None: it holds none."""
    assert rule.pool is not None
    if rule.pool.per == "month":
        in_force = rule.since <= span.first and not (rule.until and span.first >= rule.until)
        return (span.first, span.next) if span.whole and in_force else None
    first, until = max(since, rule.since), min(span.next, rule.until or span.next)
    return (first, until) if first < until else None


def _pooled(each: Tried, span: Span, first: date, until: date) -> Select[Any]:
    rule, pool = each.rule, each.rule.pool
    assert pool is not None
    taking = weighed(rule, figures(rule.grain, rule.policy, rule.currency), first, until).cte("pool_key")
    split = shares(pool.amount)
    day = literal(span.last) if pool.per == "month" else split.c.period
    keys = _keys(split, cast(null(), Text), day, split.c.share)
    return _summed(each, _cut(rule, keys), span).add_cte(taking)


def _keys(rows: Subquery, seller: Any, day: Any, uncapped: Any) -> Subquery:
    # pricing breaks ties by the stored key, whose order is that of its bytes
    named = {"seller": seller, "day": day, "uncapped": uncapped, "key": rows.c.key.collate("C")}
    return select(
        rows.c.creator, rows.c.occurred_at, *(value.label(name) for name, value in named.items())
    ).subquery("keys")


def _cut(rule: Rule, keys: Subquery) -> Subquery:
    """The keys with `amount`, what the caps leave, and the `cap` that cuts the most."""
    if not rule.caps:
        return select(keys, keys.c.uncapped.label("amount"), cast(null(), Text).label("cap")).subquery("cut")
    rooms = [_room(keys, cap.per, cap.amount).label(f"room{i}") for i, cap in enumerate(rule.caps)]
    roomed = select(keys, *rooms).subquery("roomed")
    left = [roomed.c[f"room{i}"] for i in range(len(rooms))]
    least = func.least(*left)
    cap = case(
        (roomed.c.uncapped <= least, None),
        *((room == least, each.per) for room, each in zip(left, rule.caps, strict=True)),
    )
    return select(
        roomed, func.least(roomed.c.uncapped, *left).label("amount"), cast(cap, Text).label("cap")
    ).subquery("cut")


def _room(keys: Subquery, per: str, most: int) -> ColumnElement[Any]:
    before = func.sum(keys.c.uncapped).over(
        partition_by=_SCOPES[per](keys.c), order_by=(keys.c.occurred_at, keys.c.key), rows=(None, 0)
    )
    return func.greatest(0, most - (before - keys.c.uncapped))


def _summed(each: Tried, cut: Subquery, span: Span) -> Select[Any]:
    groups = cut.c.creator, cut.c.seller, cut.c.day, cut.c.cap
    side, name = literal(each.side, SmallInteger), literal(each.rule.name, Text)
    protected = literal(each.rule.pool is None and each.rule.grain != "creator_month", Boolean)
    amounts = [cast(func.sum(value), Numeric) for value in (cut.c.amount, cut.c.uncapped)]
    keys = cast(func.count(), BigInteger)
    rows = select(side, name, *groups[:3], *amounts, cut.c.cap, keys, protected).group_by(*groups)
    return rows.where(cut.c.day >= span.first).having(func.sum(cut.c.uncapped) != 0)
