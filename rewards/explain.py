"""Explain a reward: which rule of which version, on which figures, how each term came out, and where the money is.

Figures are read as they stand now. Where that is not what was priced, the explanation says so: a later fact that waits
to be priced, or one that changes nothing any more (a pool that was split).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import public_id
from core.money import Money
from core.settings import Settings
from formula import plain
from ledger.tables import entry
from rewards.explain_chain import bears, cap_steps, refund_step
from rewards.explain_figures import Key, Worth, one_key, worth
from rewards.explain_pool import pool_step
from rewards.explain_protection import protection
from rewards.explain_say import (
    say_caps,
    say_changed,
    say_cut,
    say_line,
    say_money,
    say_pool,
    say_protection,
    say_refunds,
    say_unpriced,
)
from rewards.explain_where import say_unmet
from rewards.programs import Program, get_program
from rewards.read import get_reward
from rewards.rules import Rule, active_rules
from rewards.say_rule import say_rule
from rewards.tables import reward, reward_target


def explain_reward(session: Session, reward_id: str, settings: Settings) -> dict[str, Any]:
    """Everything behind one reward, in structure and in sentences.

    Raises:
        NotFound: no such reward.
    """
    shown, row = get_reward(session, reward_id)
    rules = active_rules(session, shown.program)
    rule = next(each for each in rules if each.id == row.rule_id)
    owner = get_program(session, shown.program)
    target = session.execute(select(reward_target).where(reward_target.c.id == row.target_id)).one()
    return {
        "reward": shown,
        "program": program_of(owner, rule),
        "rule": rule_of(rule),
        **explain_target(session, owner, rule, rules, target, settings),
    }


def explain_target(
    session: Session, owner: Program, rule: Rule, rules: list[Rule], target: Any, settings: Settings
) -> dict[str, Any]:
    """From the figures to the money: every step of a target of the rule, in structure and in sentences."""
    key = None if rule.protects else one_key(session, rule, target)
    found = worth_of(rule, key)
    original = Money(target.original, rule.currency)
    refunds = (
        refund_step(rule, target.original, key) if key and rule.grain == "sale" and not rule.pool else None
    )
    caps = cap_steps(session, rule, target)
    pool = pool_step(session, rule, target, key, settings)
    missing = (
        protection(session, rule, rules, target.creator, target.day, target.seller) if rule.protects else None
    )
    now = missing.missing if missing else _now(rule, found)
    money = _money(rule, target)
    late = refunds is not None and now == original and refunds.reward != money["uncapped"]
    told = [
        *_say_formula(rule, found, key),
        *_say_original(rule, original, now),
        *(say_pool(pool) if pool else ()),
        *(say_protection(missing) if missing else ()),
        *(say_refunds(refunds, original) if refunds else ()),
        *say_caps(caps),
        *say_cut(money["cut"], money["cut_borne"], money["cut_at"]),
        *say_money(money["due"], money["posted"], payer_of(owner, target)),
        *([say_unpriced(money["uncapped"])] if late else []),
    ]
    lines = lines_of(session, target.id)
    return {
        "inputs": inputs(key),
        "where": found.where.as_json() if found and found.where else None,
        "formula": found.told.term if found else {},
        "value": plain(found.units) if found else None,
        "original": original,
        "original_now": now,
        "changed": (now is not None and now != original) or late or bool(pool and pool.changed),
        "refunds": refunds,
        "caps": caps,
        "pool": pool,
        "protection": missing,
        **money,
        "clamped": target.clamped,
        "payer": {"seller": target.seller} if owner.fund is None else owner.funding,
        "sentences": [*told, *(_say_line(each) for each in lines)],
        "lines": lines,
    }


def worth_of(rule: Rule, key: Key | None) -> Worth | None:
    """What the rule's formula (of a pool, its weight) gives on the key's figures; None where there are none."""
    formula = rule.pool.weight if rule.pool else rule.amount
    return None if key is None or formula is None else worth(rule, formula, key.values)


def _now(rule: Rule, found: Worth | None) -> Money | None:
    """What the formula gives by now; None of a pool, which is split once."""
    if rule.pool:
        return None
    return Money(0 if found is None else found.micros, rule.currency)


def _say_original(rule: Rule, original: Money, now: Money | None) -> list[str]:
    if now is None or (rule.protects and now == original):
        return []
    return [f"The rule {rule.name} gives {original}." if now == original else say_changed(original, now)]


def _money(rule: Rule, target: Any) -> dict[str, Money]:
    parts = {
        "uncapped": target.uncapped,
        "target": target.target,
        "cut": target.cut,
        "cut_at": target.cut_at,
        "cut_borne": bears(target),
        "due": target.due,
        "posted": target.posted,
        "waiting": max(target.due - target.posted, 0),
    }
    return {name: Money(micros, rule.currency) for name, micros in parts.items()}


def _say_formula(rule: Rule, found: Worth | None, key: Key | None) -> list[str]:
    if found is None or key is None:
        return []
    if rule.where is not None and not found.met:
        return say_unmet(rule.where, key.values)
    met = found.where.sentences if found.where else []
    return [*met, *found.told.sentences]


def inputs(key: Key | None) -> dict[str, str]:
    """The values of the grain's names, as text."""
    return {} if key is None else {name: plain(value) for name, value in sorted(key.values.items())}


def program_of(owner: Program, rule: Rule) -> dict[str, Any]:
    """The program, with the version's days."""
    return {
        "id": owner.id,
        "name": owner.name,
        "version": rule.version,
        "in_force_from": rule.since,
        "in_force_until": rule.until,
        "currency": owner.currency,
        "funding": owner.funding,
        "policy": owner.policy,
        "hold_days": owner.hold_days,
        "rate_protection_days": owner.rate_protection_days,
    }


def rule_of(rule: Rule) -> dict[str, Any]:
    """The rule's formulas, caps and pool, and the whole of it in a sentence."""
    drafted: dict[str, Any] = {
        "name": rule.name,
        "grain": rule.grain,
        "where": rule.where.text if rule.where else None,
        "amount": rule.amount.text if rule.amount else None,
        "caps": [{"per": cap.per, "amount": Money(cap.amount, rule.currency)} for cap in rule.caps],
        "pool": None,
        "on_shortfall": rule.on_shortfall,
    }
    if rule.pool:
        amount = Money(rule.pool.amount, rule.currency)
        weight = rule.pool.weight.text
        drafted["pool"] = {"amount": amount, "per": rule.pool.per, "weight": weight, "top": rule.pool.top}
    said = "what an older version would have paid more, for each day" if rule.protects else say_rule(drafted)
    return drafted | {"sentence": f"{rule.name}: {said}."}


def payer_of(owner: Program, target: Any) -> str:
    """Whose money pays a target."""
    return f"seller {target.seller}" if owner.fund is None else f"line {owner.line} of fund {owner.fund}"


def lines_of(session: Session, target_id: int) -> list[dict[str, Any]]:
    """Every posted line of a target, oldest first, with its entry and the one that released it."""
    posted, freed = entry.alias("posted"), entry.alias("freed")
    rows = session.execute(
        select(reward, posted.c.recorded_at.label("entry_at"), freed.c.recorded_at.label("release_at"))
        .outerjoin(posted, posted.c.id == reward.c.entry_id)
        .outerjoin(freed, freed.c.id == reward.c.release_entry_id)
        .where(reward.c.target_id == target_id)
        .order_by(reward.c.id)
    )
    return [_line(row) for row in rows]


def _line(row: Any) -> dict[str, Any]:
    return {
        "id": public_id("rwd", row.id, row.recorded_at),
        "kind": row.kind,
        "amount": Money(row.amount, row.currency),
        "recorded_at": row.recorded_at,
        "entry": _entry(row.entry_id, row.entry_at),
        "matures_at": row.matures_at,
        "released_at": row.released_at,
        "release_entry": _entry(row.release_entry_id, row.release_at),
    }


def _entry(entry_id: int | None, at: datetime | None) -> str | None:
    return None if entry_id is None or at is None else public_id("ent", entry_id, at)


def _say_line(line: dict[str, Any]) -> str:
    return say_line(
        line["kind"],
        line["amount"],
        line["entry"],
        line["recorded_at"],
        line["matures_at"],
        line["released_at"],
    )
