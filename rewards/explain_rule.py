"""Why a rule paid a creator or not over a span of days: every key that has figures or was priced, and its reason."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import not_, select
from sqlalchemy.orm import Session

from core.money import Money
from rewards.explain_figures import MOST_KEYS, Key, Span, has_facts, keys_now
from rewards.explain_key import priced_story, unpriced_story
from rewards.explain_members import member_at, member_during, say_no_member
from rewards.explain_protection import protection
from rewards.explain_say import say_protection
from rewards.explain_story import NOTHING, WAITING, Asked, KeyStory, RuleStory, folded, told
from rewards.price import first_open_day
from rewards.rules import Rule
from rewards.tables import reward_target

_COUNTED = {
    "sale": "No sale was given to the creator",
    "content_day": "Nothing was counted for the creator's contents",
    "product_day": "No product was tagged, clicked or sold by the creator's contents",
    "creator_day": "Nothing was counted for the creator",
    "creator_month": "Nothing was counted for the creator",
}


def rule_story(session: Session, asked: Asked, rule: Rule, span: Span) -> RuleStory:
    """The story of a rule that prices keys by a formula."""
    over = span.last < first_open_day(asked.now, asked.settings)
    priced = targets_of(session, rule, span)
    keys = figured(session, rule, span)
    if not keys and not priced:
        return _without_keys(asked, rule, span, over)
    return folded(rule, [*_stories(session, asked, rule, span, over, keys, priced)])


def targets_of(session: Session, rule: Rule, span: Span) -> dict[str, Any]:
    """The creator's targets of the rule by key, those of nothing included."""
    t = reward_target.c
    wanted = [
        t.rule_id == rule.id, t.creator == span.creator, t.day.between(span.first, span.last), not_(t.shadow),
    ]  # fmt: skip
    for column, given in (
        (t.content, span.content),
        (t.product, span.product),
        (t.purchase_id, span.purchase),
    ):
        if given is not None and (column is not t.product or not rule.grain.startswith("creator")):
            wanted.append(column.is_not_distinct_from(given) if rule.grain == "sale" else column == given)
    rows = session.execute(select(reward_target).where(*wanted).order_by(t.day, t.key).limit(MOST_KEYS))
    return {row.key: row for row in rows}


def figured(session: Session, rule: Rule, span: Span) -> list[Key]:
    """The creator's keys that pricing would look at."""
    if rule.grain == "creator_month" and not has_facts(session, rule, span):
        return []
    return keys_now(session, rule, span)


def _without_keys(asked: Asked, rule: Rule, span: Span, over: bool) -> RuleStory:
    when = _when(span)
    if not member_during(asked, rule, span.first, span.last):
        return told(rule, NOTHING, "not_enrolled", *say_no_member(asked, when))
    counted = f"{_COUNTED[rule.grain]} {when}"
    if not over:
        nothing = Money(0, rule.currency)
        period = "month" if span.first != span.last else "day"
        return told(
            rule, WAITING, "day_not_over", f"The {period} is not over yet.",
            f"{counted} so far, which would be {nothing}.",
        )  # fmt: skip
    return told(rule, NOTHING, "no_figures", f"{counted}.")


def _when(span: Span) -> str:
    return f"on {span.first}" if span.first == span.last else f"in {span.first:%Y-%m}"


def _stories(
    session: Session,
    asked: Asked,
    rule: Rule,
    span: Span,
    over: bool,
    keys: Sequence[Key],
    priced: dict[str, Any],
) -> list[KeyStory]:
    by_key: dict[str, Key | None] = {key: None for key in priced} | {key.key: key for key in keys}
    return [
        _story(session, asked, rule, span, over, name, key, priced.get(name))
        for name, key in sorted(by_key.items())
    ]


def _story(
    session: Session,
    asked: Asked,
    rule: Rule,
    span: Span,
    over: bool,
    name: str,
    key: Key | None,
    target: Any,
) -> KeyStory:
    if target is not None and (target.original or target.posted):
        return priced_story(session, asked, rule, target, key)
    if key is None:
        said = f"{_COUNTED[rule.grain]} {_when(span)} any more."
        return KeyStory(key=name, outcome=NOTHING, reason="no_figures", sentences=[said])
    if not is_member(asked, rule, span, key):
        when = f"at the purchase on {key.day}" if rule.grain == "sale" else _when(span)
        return KeyStory(
            key=name, content=key.content, product=key.product, outcome=NOTHING, reason="not_enrolled",
            sentences=[*say_no_member(asked, when)],
        )  # fmt: skip
    return unpriced_story(rule, key, over or rule.grain == "sale")


def is_member(asked: Asked, rule: Rule, span: Span, key: Key) -> bool:
    """Was the creator a member when the key counted?"""
    if rule.grain == "sale":
        return member_at(asked, rule, key.occurred_at)
    first = span.first if rule.grain == "creator_month" else key.day
    return member_during(asked, rule, first, key.day)


def protection_story(session: Session, asked: Asked, rule: Rule, span: Span) -> RuleStory:
    """The story of rate protection on a day."""
    stories = [
        priced_story(session, asked, rule, target, None)
        for target in targets_of(session, rule, Span(span.creator, span.first, span.last)).values()
        if target.original or target.posted
    ]
    if stories:
        return folded(rule, stories)
    found = protection(session, rule, asked.rules, span.creator, span.first, None)
    if not any(each.there_before for each in found.promises):
        return told(rule, NOTHING, "not_protected", *say_protection(found))
    if span.last >= first_open_day(asked.now, asked.settings):
        return told(rule, WAITING, "day_not_over", "The day is not over yet.", *say_protection(found))
    return told(rule, NOTHING, "nothing_lost", *say_protection(found))
