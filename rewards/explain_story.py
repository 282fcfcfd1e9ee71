"""What is told about a creator's question to a program: by rule, and within a rule by key."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from core.money import Money
from core.settings import Settings
from rewards.members import Interval
from rewards.programs import Program
from rewards.rules import Rule

PAID, WAITING, NOTHING = "paid", "waiting", "nothing"
_ORDER = (PAID, WAITING, NOTHING)


@dataclass(frozen=True, slots=True)
class Question:
    """About a creator: a `day`, a `month` (its first day), or a sale by `order` and `product`; of one content, product
    or rule if given. `discreet`: the creator asks, who learns nothing of sales that it has no touch in."""

    creator: str
    day: date | None = None
    month: date | None = None
    order: str | None = None
    product: str | None = None
    content: str | None = None
    rule: str | None = None
    discreet: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What every answer to one question is made from."""

    question: Question
    owner: Program
    rules: list[Rule]
    intervals: list[Interval]
    state: str | None
    now: datetime
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStory:
    """Why a key earned what it did. `steps`: as a reward's explanation has them, where something was priced;
    `estimate`: what it would be by the figures of now, where that is still open."""

    key: str
    content: str | None = None
    product: str | None = None
    outcome: str
    reason: str | None
    sentences: list[str]
    estimate: Money | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    where: dict[str, Any] | None = None
    formula: dict[str, Any] | None = None
    steps: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RuleStory:
    """Why a rule paid or did not; `reason` None: it paid."""

    rule: str
    version: int
    grain: str
    outcome: str
    reason: str | None
    sentences: list[str]
    keys: list[KeyStory]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The answer. `version` None: none was in force. `other_rules`: of the same version, but asked about otherwise."""

    program: str
    creator: str
    day: date | None
    month: str | None
    order: str | None
    product: str | None
    version: int | None
    outcome: str
    reason: str | None
    sentences: list[str]
    memberships: list[Interval]
    rules: list[RuleStory]
    other_rules: list[dict[str, str]]


def told(rule: Rule, outcome: str, reason: str | None, *sentences: str) -> RuleStory:
    """The story of a rule that has no keys to tell of."""
    return RuleStory(rule.name, rule.version, rule.grain, outcome, reason, list(sentences), [])


def folded(rule: Rule, keys: Sequence[KeyStory]) -> RuleStory:
    """The story of a rule from those of its keys: the best outcome, and of it the commonest reason."""
    outcome = min((key.outcome for key in keys), key=_ORDER.index)
    reasons = Counter(key.reason for key in keys if key.outcome == outcome)
    sentences = keys[0].sentences if len(keys) == 1 else [_counted(keys)]
    return RuleStory(
        rule.name, rule.version, rule.grain, outcome, reasons.most_common(1)[0][0], sentences, list(keys)
    )


def _counted(keys: Sequence[KeyStory]) -> str:
    found = Counter(key.outcome for key in keys)
    words = {PAID: "paid", WAITING: "waiting", NOTHING: "earned nothing"}
    parts = [f"{found[each]:,} {words[each]}" for each in _ORDER if found[each]]
    return f"Of {len(keys):,} keys {' and '.join(parts)}; each has its reason."


def outcome_of(rules: Sequence[RuleStory]) -> tuple[str, str | None]:
    """The best outcome of the rules, and its reason if they all have the same."""
    if not rules:
        return NOTHING, None
    outcome = min((each.outcome for each in rules), key=_ORDER.index)
    reasons = {each.reason for each in rules if each.outcome == outcome}
    return outcome, reasons.pop() if len(reasons) == 1 else None
