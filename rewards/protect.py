"""Rate protection: who was there before a later version started earns no less by it, for the promised days.

For each creator and day the sums of the sale and day rules after caps are compared between the version in force and each
older one whose promise still runs; what is missing is a target of its own. Pools and months are not protected. Where
sellers pay, each seller's part is compared by itself, since each makes good its own.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    null,
    select,
    union,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session

from attribution.tables import share
from core.money import MICROS
from formula import MOST_UNITS
from rewards.figures import due_day
from rewards.rules import Rule
from rewards.tables import membership, reward_target
from rewards.target import touched, write_targets

_MOMENT = TIMESTAMP(timezone=True)


def set_protection(session: Session, rule: Rule, rules: Sequence[Rule], today: date) -> int:
    """Set the targets of a version's rate protection for the creators and days that `touched` names and that are over.

    `rules` are all active ones; `today` the first day that is not over. Returns how many targets were written.
    """
    old, new = _promises(rule, rules), [each.id for each in rules if _same(each, rule) and _counts(each)]
    if not old or not rule.protection_days:
        return 0
    return write_targets(session, rule, _missing(rule, old, new, today))


def _same(each: Rule, rule: Rule) -> bool:
    return each.program == rule.program and each.version == rule.version


def _counts(rule: Rule) -> bool:
    return rule.pool is None and rule.grain != "creator_month" and not rule.protects


def _promises(rule: Rule, rules: Sequence[Rule]) -> list[tuple[int, int, date, date]]:
    """(rule, version, day its version ended, day its promise ends) of older rules that may still bind this version."""
    return [
        (each.id, each.version, each.until, each.until + timedelta(days=rule.protection_days))
        for each in rules
        if each.program == rule.program and _counts(each) and each.until and each.until <= rule.since
        and each.until + timedelta(days=rule.protection_days) > rule.since
    ]  # fmt: skip


def _missing(
    rule: Rule, old: Sequence[tuple[int, int, date, date]], new: Sequence[int], today: date
) -> Select[Any]:
    t = reward_target
    seller = t.c.seller if rule.seller_funded else cast(null(), Text)
    asked = _asked(rule, old, new, today)
    promise = values(
        column("rule_id", BigInteger), column("version", Integer), column("ended", Date), column("ends", Date),
        name="promise",
    ).data(list(old)).alias("promise")  # fmt: skip
    before = (
        select(
            asked.c.creator,
            asked.c.day,
            seller.label("seller"),
            promise.c.version,
            t.c.target.label("amount"),
        )
        .join(t, and_(t.c.creator == asked.c.creator, t.c.day == asked.c.day))
        .join(promise, promise.c.rule_id == t.c.rule_id)
        .where(t.c.day < promise.c.ends, there_before(rule, asked.c.creator, promise.c.ended))
    )
    now = (
        select(asked.c.creator, asked.c.day, seller, literal(0, Integer), t.c.target)
        .join(t, and_(t.c.creator == asked.c.creator, t.c.day == asked.c.day))
        .where(t.c.rule_id.in_(new))
    )
    each = union_all(before, now).subquery("each")
    keys = (each.c.creator, each.c.day, each.c.seller)
    sums = select(*keys, each.c.version, func.sum(each.c.amount).label("amount")).group_by(
        *keys, each.c.version
    )
    sums = sums.subquery("sums")
    keys = (sums.c.creator, sums.c.day, sums.c.seller)
    best = func.max(case((sums.c.version != 0, sums.c.amount)))
    have = func.coalesce(func.max(case((sums.c.version == 0, sums.c.amount))), 0)
    lost = func.greatest(0, func.coalesce(best, 0) - have)
    # Many rows at the most that a rule pays add up past what fits; one that absurd must not stop the others.
    most = MOST_UNITS * MICROS
    found = select(
        *keys, cast(func.least(lost, most), BigInteger).label("lost"), (lost > most).label("clamped")
    )
    found = found.group_by(*keys).subquery("found")
    key = func.concat_ws("/", cast(found.c.day, Text), found.c.creator, found.c.seller)
    return select(
        literal(rule.id, BigInteger).label("rule_id"),
        key.label("key"),
        literal(rule.program, Text).label("program"),
        found.c.creator,
        found.c.seller,
        found.c.day,
        cast(found.c.day, _MOMENT).label("occurred_at"),
        found.c.lost.label("original"),
        found.c.lost.label("uncapped"),
        found.c.lost.label("target"),
        found.c.clamped,
    )


def _asked(rule: Rule, old: Sequence[tuple[int, int, date, date]], new: Sequence[int], today: date) -> Any:
    last = max(ends for *_, ends in old)
    end = min(last, today, rule.until or today)
    ids = [*new, *(each[0] for each in old)]
    moved = select(touched.c.creator, touched.c.day).where(touched.c.rule_id.in_(ids))
    over = select(due_day.c.creator, due_day.c.day)  # a day's sales came before it was over
    both = union(moved, over, *([_late(old, ids)] if rule.open_to_all else [])).subquery("both")
    return select(both).where(both.c.day >= rule.since, both.c.day < end).subquery("asked")


def _late(old: Sequence[tuple[int, int, date, date]], ids: Sequence[int]) -> Any:
    """All days of who may have had a first share only now, of a day before the version ended."""
    t = reward_target
    who = select(due_day.c.creator).where(due_day.c.day < max(ended for _, _, ended, _ in old))
    return select(t.c.creator, t.c.day).where(t.c.rule_id.in_(ids), t.c.creator.in_(who))


def there_before(rule: Rule, creator: Any, ended: Any) -> Any:
    """Was the creator a member before the day on which the older version ended? Where all are, had it a share?"""
    if rule.open_to_all:
        s = share
        return exists().where(s.c.creator == creator, s.c.policy == rule.policy, s.c.day < ended)
    m = membership
    return exists().where(
        m.c.program == rule.program, m.c.creator == creator, m.c.since < cast(ended, _MOMENT)
    )
