"""Why one key earned what it did: the first step on its way from figures to money at which something was lost."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from core.money import Money
from formula import Formula
from formula.explain import pretty
from ledger import accounts
from ledger.balances import natural
from rewards.explain import explain_target, inputs, payer_of, worth_of
from rewards.explain_chain import refund_step
from rewards.explain_figures import Key, Worth
from rewards.explain_say import say_refunds
from rewards.explain_story import NOTHING, PAID, WAITING, Asked, KeyStory
from rewards.explain_where import failing_ifs, say_unmet
from rewards.rules import Rule

_LOST = {
    "other_creator": "The sale was given to other contents since, so nothing is owed for it.",
    "refunded": "All of it was refunded, so nothing is owed.",
    "share_zero": "Its share of the pool is less than a millionth.",
    "cap_reached": "A cap of the rule was reached before it.",
    "prorated": "The line fell short, and all of it was cut.",
}


def priced_story(session: Session, asked: Asked, rule: Rule, target: Any, key: Key | None) -> KeyStory:
    """The story of a key that was priced at more than nothing before refunds, caps and cuts."""
    steps = explain_target(session, asked.owner, rule, asked.rules, target, asked.settings)
    outcome, reason, lead = _priced(session, asked, rule, target, key)
    return KeyStory(
        key=target.key,
        content=target.content,
        product=target.product,
        outcome=outcome,
        reason=reason,
        sentences=[*lead, *steps["sentences"]],
        inputs=steps["inputs"],
        where=steps["where"],
        formula=steps["formula"] or None,
        steps=steps,
    )


def _priced(
    session: Session, asked: Asked, rule: Rule, target: Any, key: Key | None
) -> tuple[str, str | None, list[str]]:
    if target.due == 0:
        reason = _lost(target, key)
        return NOTHING, reason, [_LOST[reason]]
    if target.due <= target.posted:
        return PAID, None, []
    payer = payer_of(asked.owner, target)
    if _holds(session, asked, target) > 0:
        return WAITING, "not_posted_yet", ["It is owed and is posted with the next run."]
    return WAITING, "line_short", [f"There is no money left of {payer}; it is paid when there is."]


def _lost(target: Any, key: Key | None) -> str:
    if target.target:
        return "prorated"
    if target.uncapped:
        return "cap_reached"
    if target.original == 0:
        return "share_zero"
    return "other_creator" if key is not None and not key.stands else "refunded"


def _holds(session: Session, asked: Asked, target: Any) -> int:
    """What the line or seller that pays holds, in micros."""
    owner = asked.owner
    if owner.fund is None or owner.line is None:
        code = accounts.seller_balance(target.seller)
    else:
        code = accounts.fund_line(owner.fund, owner.line)
    return natural(session, [code], owner.currency)[code].micros


def unpriced_story(rule: Rule, key: Key, over: bool) -> KeyStory:
    """The story of a member's key that has figures and no price, or one of nothing."""
    found = worth_of(rule, key)
    assert found is not None and rule.amount is not None
    outcome, reason, sentences = _unpriced(rule, rule.amount, key, found, over)
    worth = Money(found.micros, rule.currency)
    return figures_story(key, found, outcome, reason, sentences, worth if outcome == WAITING else None)


def figures_story(
    key: Key,
    found: Worth | None,
    outcome: str,
    reason: str,
    sentences: list[str],
    estimate: Money | None = None,
) -> KeyStory:
    """A key's story with its figures and terms."""
    return KeyStory(
        key=key.key,
        content=key.content,
        product=key.product,
        outcome=outcome,
        reason=reason,
        sentences=sentences,
        estimate=estimate,
        inputs=inputs(key),
        where=found.where.as_json() if found and found.where else None,
        formula=found.told.term if found and found.met else None,
    )


def _unpriced(rule: Rule, amount: Formula, key: Key, found: Worth, over: bool) -> tuple[str, str, list[str]]:
    if not key.stands:
        return NOTHING, "other_creator", [_LOST["other_creator"]]
    if not over:
        now = Money(found.micros, rule.currency)
        period = "month" if rule.grain == "creator_month" else "day"
        lead = [f"The {period} is not over yet.", f"By the figures of now it would be {now}."]
        return WAITING, "day_not_over", [*lead, *_terms(rule, key, found)]
    if not found.met:
        return NOTHING, "where_not_met", _terms(rule, key, found)
    if found.micros == 0:
        ifs = failing_ifs(amount, key.values)
        return (
            NOTHING,
            "below_threshold" if ifs else "formula_zero",
            [*_terms(rule, key, found), *_zero(found)],
        )
    refunds = refund_step(rule, found.micros, key) if rule.grain == "sale" else None
    if refunds and refunds.reward.micros == 0:
        return (
            NOTHING,
            "refunded",
            [*_terms(rule, key, found), *say_refunds(refunds, Money(found.micros, rule.currency))],
        )
    return WAITING, "not_priced_yet", ["Its facts are in and wait to be priced.", *_terms(rule, key, found)]


def _terms(rule: Rule, key: Key, found: Worth) -> list[str]:
    """The `where` that is not met, condition by condition; or the formula's terms, with the conditions it fails."""
    if not found.met and rule.where is not None:
        return say_unmet(rule.where, key.values)
    formula = rule.pool.weight if rule.pool else rule.amount
    assert formula is not None
    return [*found.told.sentences, *(f"{each}." for each in failing_ifs(formula, key.values))]


def _zero(found: Worth) -> Iterator[str]:
    if found.units < 0:
        yield f"The formula gives {pretty(found.units)}, and less than nothing counts as nothing."
    elif found.units > 0:
        yield f"The formula gives {pretty(found.units)}, which rounds to nothing."
    else:
        yield "So the rule gives nothing."
