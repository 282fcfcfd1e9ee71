"""The figures of a creator's keys as they stand now, read by the statements that price them.

An explanation writes nothing, so what is due stands in CTEs of the names that pricing gives its temp tables.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, RowMapping, Select, select, text
from sqlalchemy.orm import Session

from core.database import sql
from formula import NAMES, RATIOS, Explanation, Formula, Type, to_micros
from rewards.figures import due_day, due_month, due_purchase, figures
from rewards.rules import Rule

MOST_KEYS = 500
_ONE_DAY = (
    "SELECT CAST(:due_first AS date) AS day, CAST(:due_creator AS text) AS creator,"
    " CAST(:due_content AS text) AS content"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A creator's days from `first` to `last`, both included; of one content, product or purchase if given.

    `whatever`: the one day is read even if nothing was counted on it.
    """

    creator: str
    first: date
    last: date
    content: str | None = None
    product: str | None = None
    purchase: int | None = None
    whatever: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a rule's grain with the values of its names. `gross` and `net` micros and `stands`: of a sale."""

    key: str
    day: date
    content: str | None
    product: str | None
    seller: str | None
    occurred_at: Any
    values: dict[str, Any]
    gross: int
    net: int
    stands: bool


@dataclass(frozen=True, slots=True)
class Worth:
    """What a rule makes of figures: its `where` (None: it has none) and its formula, each term with its value."""

    where: Explanation | None
    told: Explanation
    met: bool

    @property
    def units(self) -> Decimal:
        """The formula's result; 0 where the `where` is not met."""
        return Decimal(self.told.value) if self.met else Decimal(0)

    @property
    def micros(self) -> int:
        return to_micros(self.units)[0]


def worth(rule: Rule, formula: Formula, values: dict[str, Any]) -> Worth:
    """The rule's `where` and the formula (its amount, or its pool's weight) on these values."""
    where = rule.where.explain(_of(rule.where, values)) if rule.where else None
    return Worth(where, formula.explain(_of(formula, values)), where is None or bool(where.value))


def _of(formula: Formula, values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in formula.names}


def keys_now(session: Session, rule: Rule, span: Span) -> list[Key]:
    """The creator's keys of the span at the rule's grain that have figures, in their order; at most `MOST_KEYS`."""
    given = figures(rule.grain, rule.policy, rule.currency)
    query: Select[Any] = select(given).where(given.c.creator == span.creator)
    for name, wanted in (("content", span.content), ("product", span.product)):
        if wanted is not None and not rule.grain.startswith("creator") and name in given.c:
            query = query.where(given.c[name] == wanted)
    query = query.order_by(given.c.day, given.c.key.collate("C")).limit(MOST_KEYS)
    return [_key(rule, row) for row in session.execute(query.add_cte(*_due(rule, span))).mappings()]


def has_facts(session: Session, rule: Rule, span: Span) -> bool:
    """Was anything counted for the creator? A day or month without facts is never priced, whatever a formula says."""
    asked = {"creator": span.creator, "since": span.first, "until": span.last, "policy": rule.policy}
    return session.execute(sql("rewards", "explain_days"), asked | {"content": None}).first() is not None


def one_key(session: Session, rule: Rule, target: Any) -> Key | None:
    """The key of a target of the rule; None when nothing is counted for it any more."""
    day = target.key.partition("/")[0]
    if rule.grain == "sale":
        span = Span(target.creator, target.day, target.day, target.content, purchase=target.purchase_id)
    elif rule.grain == "creator_month":
        span = Span(target.creator, date.fromisoformat(f"{day}-01"), target.day)
    else:
        first = date.fromisoformat(day)
        span = Span(target.creator, first, first, target.content, target.product, whatever=True)
    return next((key for key in keys_now(session, rule, span) if key.key == target.key), None)


def _key(rule: Rule, row: RowMapping) -> Key:
    names = {name: kind for name, kind in NAMES[rule.grain].items() if name not in RATIOS}
    values = {name: row[name] or ("" if kind is Type.TEXT else Decimal(0)) for name, kind in names.items()}
    return Key(
        row["key"],
        row["day"],
        row["content"],
        row.get("product"),
        row.get("seller"),
        row.get("occurred_at"),
        values,
        row.get("gross", 0),
        row.get("net", 0),
        row.get("stands", True),
    )


def _due(rule: Rule, span: Span) -> list[CTE]:
    """What the grain's statement reads its keys from."""
    if rule.grain == "sale":
        return [_purchases(rule, span)]
    if rule.grain == "creator_month":
        return [_month(span)]
    return [_days(rule, span)]


def _month(span: Span) -> CTE:
    chosen = text("SELECT CAST(:due_first AS date) AS month, CAST(:due_creator AS text) AS creator")
    asked = {"due_first": span.first, "due_creator": span.creator}
    return chosen.bindparams(**asked).columns(*due_month.c).cte(due_month.name)


def _purchases(rule: Rule, span: Span) -> CTE:
    if span.purchase is not None:
        chosen = text("SELECT CAST(:due_purchase AS bigint) AS purchase_id").bindparams(
            due_purchase=span.purchase
        )
    else:
        chosen = text(sql("rewards", "explain_purchases").text).bindparams(**_asked(rule, span))
    return chosen.columns(*due_purchase.c).cte(due_purchase.name)


def _days(rule: Rule, span: Span) -> CTE:
    if span.whatever:
        asked = {"due_first": span.first, "due_creator": span.creator, "due_content": span.content}
        chosen = text(_ONE_DAY).bindparams(**asked)
    else:
        chosen = text(sql("rewards", "explain_days").text).bindparams(**_asked(rule, span))
    return chosen.columns(*due_day.c).cte(due_day.name)


def _asked(rule: Rule, span: Span) -> dict[str, Any]:
    content = None if rule.grain.startswith("creator") else span.content
    return {
        "creator": span.creator,
        "since": span.first,
        "until": span.last,
        "policy": rule.policy,
        "content": content,
    }
