"""Rate protection explained: what each older version would have paid that day, what this one pays, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from core.money import MICROS, Money
from formula import MOST_UNITS
from rewards.funds import bounded
from rewards.protect import there_before
from rewards.rules import Rule
from rewards.tables import reward_target


@dataclass(frozen=True, slots=True)
class Promise:
    """An older version that still binds on the day: it ended on `ended`, and its promise before `ends`. `amount`: what
    its sale and day rules would pay after caps. `there_before`: was the creator there before it ended?"""

    version: int
    ended: date
    ends: date
    there_before: bool
    amount: Money


@dataclass(frozen=True, slots=True)
class Protection:
    """`now`: what the version in force pays for the same rules. `missing`: the most promised less that, not below 0."""

    day: date
    seller: str | None
    promises: list[Promise]
    now: Money
    missing: Money


def protection(
    session: Session, rule: Rule, rules: Sequence[Rule], creator: str, day: date, seller: str | None
) -> Protection:
    """What the rule of rate protection makes good for a creator's day; `rules` are all active ones of the program."""
    sums = _sums(session, rule, creator, day, seller)
    own = [each.id for each in rules if each.version == rule.version and _counts(each)]
    now = sum(sums.get(each, 0) for each in own)
    found = [
        _promise(session, rule, older, creator, sums)
        for older in _older(rule, rules)
        if day < older[0].shadow_until  # type: ignore[operator]
    ]
    best = max((total for total, each in found if each.there_before), default=0)
    missing = Money(min(max(0, best - now), MOST_UNITS * MICROS), rule.currency)
    return Protection(day, seller, [each for _, each in found], bounded(now, rule.currency), missing)


def _counts(rule: Rule) -> bool:
    return rule.pool is None and rule.grain != "creator_month" and not rule.protects


def _older(rule: Rule, rules: Sequence[Rule]) -> list[list[Rule]]:
    """The rules of older versions whose promise reaches into this one, by version."""
    by_version: dict[int, list[Rule]] = {}
    for each in rules:
        ended, ends = each.until, each.shadow_until
        if _counts(each) and ended and ends and ended <= rule.since < ends:
            by_version.setdefault(each.version, []).append(each)
    return list(by_version.values())


def _promise(
    session: Session, rule: Rule, older: Sequence[Rule], creator: str, sums: dict[int, int]
) -> tuple[int, Promise]:
    """What an older version's rules come to, in micros, and the promise."""
    one = older[0]
    assert one.until is not None and one.shadow_until is not None
    there = session.scalar(select(there_before(rule, literal(creator), literal(one.until))))
    total = sum(sums.get(each.id, 0) for each in older)
    amount = bounded(total, rule.currency)
    return total, Promise(one.version, one.until, one.shadow_until, bool(there), amount)


def _sums(session: Session, rule: Rule, creator: str, day: date, seller: str | None) -> dict[int, int]:
    """Targets after caps, also those that are only promised, by rule."""
    t = reward_target.c
    found: Any = select(t.rule_id, func.sum(t.target)).where(
        t.program == rule.program, t.creator == creator, t.day == day
    )
    if seller is not None:
        found = found.where(t.seller == seller)
    return {rule_id: int(total) for rule_id, total in session.execute(found.group_by(t.rule_id))}
