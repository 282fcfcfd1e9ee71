"""Why a creator has a share of a pool or none: before the split by an estimate, after it by who took part."""

from typing import Any

from sqlalchemy.orm import Session

from formula.explain import pretty
from rewards.explain import worth_of
from rewards.explain_figures import Key, Span
from rewards.explain_key import figures_story, priced_story
from rewards.explain_members import member_during, say_no_member
from rewards.explain_pool import lowest_weight, split_of, weight_now
from rewards.explain_rule import figured, is_member, targets_of
from rewards.explain_story import NOTHING, WAITING, Asked, KeyStory, RuleStory, folded, told
from rewards.explain_where import say_unmet
from rewards.pool_estimate import pool_shares
from rewards.pool_period import Period, final_at
from rewards.rules import Rule

MOST_SHARES = 100


def shares_story(session: Session, asked: Asked, rule: Rule, period: Period) -> RuleStory:
    """The story of a pool's period."""
    assert rule.pool is not None
    question = asked.question
    span = Span(question.creator, period.first, period.last, question.content, question.product)
    if not member_during(asked, rule, period.first, period.last):
        return told(rule, NOTHING, "not_enrolled", *say_no_member(asked, f"in {period}"))
    split = split_of(session, rule, period)
    if split is None:
        return _not_final(session, asked, rule, period, span)
    if split.keys == 0:
        return told(
            rule,
            NOTHING,
            "pool_empty",
            f"Nobody weighed anything in the pool of {period}, so it paid nobody.",
        )
    priced = targets_of(session, rule, span)
    keys: dict[str, Key | None] = {key: None for key in priced}
    keys |= {key.key: key for key in figured(session, rule, span)}
    if not keys:
        return told(rule, NOTHING, "no_figures", f"Nothing was counted for the creator in {period}.")
    least = lowest_weight(session, rule, period) if rule.pool.top else None
    return folded(
        rule,
        [
            priced_story(session, asked, rule, priced[name], key)
            if name in priced
            else _unshared(asked, rule, span, key, split, least)
            for name, key in sorted(keys.items())
            if name in priced or key is not None
        ],
    )


def _not_final(session: Session, asked: Asked, rule: Rule, period: Period, span: Span) -> RuleStory:
    at = final_at(period, asked.settings)
    sentences = [f"The pool of {period} is split when its figures are final, on {at:%Y-%m-%d} or soon after."]
    if period.first > asked.now.astimezone(asked.settings.zone).date():
        return told(rule, WAITING, "pool_not_final", *sentences)
    found = pool_shares(
        session,
        rule.program,
        rule.name,
        str(period),
        span.creator,
        asked.now,
        asked.settings,
        MOST_SHARES,
        None,
    )
    if not found:
        keys = figured(session, rule, span)
        why = [each for key in keys[:1] for each in _weighs(asked, rule, span, key)[1]]
        return told(
            rule, WAITING, "pool_not_final", *sentences, "By the figures of now it would have no share.", *why
        )
    return folded(
        rule,
        [
            KeyStory(
                key=each.key,
                content=each.content,
                product=each.product,
                outcome=WAITING,
                reason="pool_not_final",
                sentences=[
                    *sentences,
                    f"By the figures of now it weighs {pretty(each.weight)}, which would be {each.share}.",
                ],
                estimate=each.share,
            )
            for each in found
        ],
    )


def _unshared(asked: Asked, rule: Rule, span: Span, key: Key | None, split: Any, least: Any) -> KeyStory:
    """A key that took no part in the split, by the figures of now."""
    assert key is not None and rule.pool is not None
    reason, sentences = _weighs(asked, rule, span, key)
    weight = weight_now(rule, key)
    if reason is None and rule.pool.top is not None and split.keys >= rule.pool.top and weight <= least:
        reason = "outside_top"
        sentences = [
            f"The pool is shared among the top {rule.pool.top}, of whom the last weighs {pretty(least)}.",
            f"This key weighs {pretty(weight)} and is not among them.",
        ]
    elif reason is None:
        reason = "came_after_split"
        sentences = [
            f"The pool was split on {split.split_at:%Y-%m-%d}.",
            f"By the figures of now it would weigh {pretty(weight)}, but what came after the split changes no share.",
        ]
    return figures_story(key, worth_of(rule, key), NOTHING, reason, sentences)


def _weighs(asked: Asked, rule: Rule, span: Span, key: Key) -> tuple[str | None, list[str]]:
    """Why the key weighs nothing, or None."""
    found = worth_of(rule, key)
    assert found is not None and rule.pool is not None
    if not is_member(asked, rule, span, key):
        return "not_enrolled", [*say_no_member(asked, f"when {key.key} counted")]
    if not found.met and rule.where is not None:
        return "where_not_met", say_unmet(rule.where, key.values)
    if weight_now(rule, key) <= 0:
        said = f"It weighs {pretty(found.units)}, and who weighs nothing takes no part."
        return "weight_zero", [*found.told.sentences, said]
    return None, []
