"""Compute what is owed: each rule's target for the keys whose facts changed.

A target is a pure function of the facts: day grains by the day's figures and the version in force on it, sales by the
frozen share and what refunds left of it, priced once. Nothing here moves money; `accrue.py` posts the difference.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Numeric,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.orm import Session

from core.database import sql
from formula import GRAINS, NAMES, RATIOS, Type, clamped_sql, micros_sql
from rewards.rules import ActiveRule
from rewards.tables import membership, reward_target

_KEYS = {"day": Date, "creator": Text, "content": Text, "key": Text, "purchase_id": BigInteger}
_SALE = {"occurred_at": TIMESTAMP(timezone=True), "gross": BigInteger, "net": BigInteger}


def set_targets(session: Session, rule: ActiveRule) -> int:
    """Bring the rule's targets up to date for what is due (temp tables `due_day`, `due_purchase`).

    Returns how many targets were written. Keys that owe nothing and never did get no row. A repeat writes nothing.
    """
    figures = _figures(rule)
    fresh = _owed(rule, figures).subquery("fresh")
    known = reward_target.alias("known")
    wanted = select(fresh).where(
        or_(
            fresh.c.target != 0,
            exists().where(known.c.rule_id == fresh.c.rule_id, known.c.key == fresh.c.key),
        )
    )
    upsert = insert(reward_target).from_select([c.name for c in fresh.c], wanted.order_by(fresh.c.key))
    new = upsert.excluded
    changes = {name: new[name] for name in ("original", "target", "clamped")} | {"updated_at": func.now()}
    result = session.execute(
        upsert.on_conflict_do_update(
            index_elements=["rule_id", "key"],
            set_=changes,
            where=or_(reward_target.c.target != new.target, reward_target.c.clamped != new.clamped),
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _figures(rule: ActiveRule) -> Subquery:
    """The grain's figures as a subquery whose columns are the names of the formula language."""
    assert rule.grain in GRAINS
    names = {name: kind for name, kind in NAMES[rule.grain].items() if name not in RATIOS}
    typed = [column(n, Text if kind is Type.TEXT else Numeric) for n, kind in names.items() if n not in _KEYS]
    keys = [column(name, kind) for name, kind in (_KEYS | (_SALE if rule.grain == "sale" else {})).items()]
    statement = text(sql("rewards", rule.grain).text).bindparams(policy=rule.policy, currency=rule.currency)
    return statement.columns(*keys, *typed).subquery("figures")


def _owed(rule: ActiveRule, figures: Subquery) -> Select[Any]:
    """Rows of `reward_target` to be, for the days and members of the rule."""
    columns = {name: figures.c[name] for name in rule.amount.names}
    units = rule.amount.sql(columns)
    if rule.where is not None:
        met = rule.where.sql({name: figures.c[name] for name in rule.where.names})
        units = case((met, units), else_=literal(0, Numeric))
    # The offset keeps PostgreSQL from flattening, which would evaluate the formula at each mention.
    valued = (
        select(figures, units.label("value"))
        .where(figures.c.day >= rule.since, *([figures.c.day < rule.until] if rule.until else []))
        .where(_member(rule, figures))
        .offset(0)
        .subquery("valued")
    )
    priced = select(
        valued, micros_sql(valued.c.value).label("original"), clamped_sql(valued.c.value).label("clamped")
    ).subquery("priced")
    return select(
        literal(rule.id, BigInteger).label("rule_id"),
        priced.c.key,
        literal(rule.program, Text).label("program"),
        priced.c.creator,
        priced.c.content,
        priced.c.purchase_id,
        priced.c.day,
        priced.c.original,
        _target(rule, priced).label("target"),
        priced.c.clamped,
    )


def _target(rule: ActiveRule, priced: Subquery) -> ColumnElement[int]:
    """At sale grain original x net / gross, rounded half up once, in whole numbers; elsewhere the original."""
    if rule.grain != "sale":
        return priced.c.original
    twice = cast(priced.c.original, Numeric) * priced.c.net * 2 + priced.c.gross
    left = cast(func.div(twice, cast(priced.c.gross, Numeric) * 2), BigInteger)
    return case((priced.c.net == priced.c.gross, priced.c.original), (priced.c.gross == 0, 0), else_=left)


def _member(rule: ActiveRule, figures: Subquery) -> ColumnElement[bool]:
    """A sale earns for a member at the purchase, a day for a member at any moment of it."""
    if rule.open_to_all:
        return true()
    m = membership
    if rule.grain == "sale":
        moment = figures.c.occurred_at
        during = and_(m.c.since <= moment, or_(m.c.until.is_(None), m.c.until > moment))
    else:
        start, end = (
            cast(figures.c.day, TIMESTAMP(timezone=True)),
            cast(figures.c.day + 1, TIMESTAMP(timezone=True)),
        )
        during = and_(m.c.since < end, or_(m.c.until.is_(None), m.c.until > start))
    return exists().where(m.c.program == rule.program, m.c.creator == figures.c.creator, during)
