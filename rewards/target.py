"""Compute what is owed: each rule's target for the keys whose facts changed.

A target is a pure function of the facts: day and month grains by their figures and the version in force on them, sales
by the frozen share and what refunds left of it, priced once. Nothing here moves money; `accrue.py` posts the difference.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    MetaData,
    Numeric,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.orm import Session

from formula import Formula, clamped_sql, micros_sql
from rewards.figures import figures
from rewards.rules import Rule
from rewards.tables import membership, reward_target

_MOMENT = TIMESTAMP(timezone=True)

# Whose targets changed, for caps and rate protection.
touched = Table(
    "touched",
    MetaData(),
    Column("rule_id", BigInteger),
    Column("creator", Text(collation="C")),
    Column("day", Date),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)


def make_touched(session: Session) -> None:
    """The temp table `touched`, empty."""
    touched.create(session.connection(), checkfirst=True)
    session.execute(touched.delete())


def set_targets(session: Session, rule: Rule) -> int:
    """Bring the rule's uncapped targets up to date for what is due, and the targets too where nothing caps them.

    Returns how many targets were written. Keys that owe nothing and never did get no row. A repeat writes nothing.
    """
    return write_targets(session, rule, owed(rule, figures(rule.grain, rule.policy, rule.currency)))


def write_targets(session: Session, rule: Rule, rows: Select[Any]) -> int:
    """Write rows of `reward_target`; keeps in `touched` whose changed if caps or rate protection ask for it."""
    fresh = rows.subquery("fresh")
    known = reward_target.alias("known")
    wanted = select(fresh).where(
        or_(
            fresh.c.uncapped != 0,
            exists().where(known.c.rule_id == fresh.c.rule_id, known.c.key == fresh.c.key),
        )
    )
    upsert = insert(reward_target).from_select([c.name for c in fresh.c], wanted.order_by(fresh.c.key))
    new, t = upsert.excluded, reward_target.c
    moved = ("original", "uncapped", "clamped") + (() if rule.caps else ("target",))
    upsert = upsert.on_conflict_do_update(
        index_elements=["rule_id", "key"],
        set_={name: new[name] for name in moved} | {"updated_at": func.now()},
        where=or_(t.uncapped != new.uncapped, t.original != new.original, t.clamped != new.clamped),
    )
    if not (rule.caps or rule.protection_days):
        return int(session.execute(upsert).rowcount)  # type: ignore[attr-defined]
    written = upsert.returning(t.rule_id, t.creator, t.day).cte("written")
    keep = touched.insert().from_select(["rule_id", "creator", "day"], select(written).distinct())
    return int(session.execute(keep.add_cte(written)).rowcount)  # type: ignore[attr-defined]


def owed(rule: Rule, given: Subquery) -> Select[Any]:
    """Rows of `reward_target` to be, for the days and the members of the rule."""
    assert rule.amount is not None
    priced = _priced(valued(rule, given, rule.amount))
    left = after_refunds(priced.c.original, priced) if rule.grain == "sale" else priced.c.original
    return select(
        literal(rule.id, BigInteger).label("rule_id"),
        priced.c.key,
        literal(rule.program, Text).label("program"),
        priced.c.creator,
        priced.c.content,
        (priced.c.product if "product" in priced.c else null()).label("product"),
        (priced.c.seller if rule.seller_funded else cast(null(), Text)).label("seller"),
        priced.c.purchase_id,
        priced.c.day,
        (priced.c.occurred_at if rule.grain == "sale" else cast(priced.c.day, _MOMENT)).label("occurred_at"),
        priced.c.original,
        left.label("uncapped"),
        (literal(0, BigInteger) if rule.caps else left).label("target"),
        priced.c.clamped,
        _shadow(rule, priced).label("shadow"),
        literal(rule.whole, Boolean).label("whole"),
    )


def _shadow(rule: Rule, priced: Subquery) -> ColumnElement[bool]:
    """Is it only a promise by now? A month is its first day's version's to the end, and never one."""
    if rule.shadow_until is None or rule.until is None:
        return literal(False, Boolean)
    return priced.c.day >= rule.until


def valued(rule: Rule, given: Subquery, formula: Formula) -> Subquery:
    """The figures of the rule's days and members with `value`: the formula's result, 0 where its `where` is not met."""
    # The offset keeps PostgreSQL from flattening, which would evaluate the formula at each mention.
    value = units(rule, given, formula).label("value")
    return select(given, value).where(applies(rule, given)).offset(0).subquery("valued")


def units(rule: Rule, given: Subquery, formula: Formula) -> ColumnElement[Any]:
    """The formula's result in units, 0 where the rule's `where` is not met."""
    found = formula.sql({name: given.c[name] for name in formula.names})
    if rule.where is None:
        return found
    met = rule.where.sql({name: given.c[name] for name in rule.where.names})
    return case((met, found), else_=literal(0, Numeric))


def applies(rule: Rule, given: Subquery) -> ColumnElement[bool]:
    """Is the rule in force on the day (a month: on its first) or still priced as a promise, and the creator a member?"""
    first = given.c.first if rule.grain == "creator_month" else given.c.day
    until = rule.shadow_until or rule.until
    return and_(first >= rule.since, *([first < until] if until else []), member(rule, given))


def _priced(found: Subquery) -> Subquery:
    return select(
        found, micros_sql(found.c.value).label("original"), clamped_sql(found.c.value).label("clamped")
    ).subquery("priced")


def after_refunds(original: ColumnElement[int], share: Subquery) -> ColumnElement[int]:
    """What is left of a sale's reward: original x net / gross, rounded half up once, in whole numbers.

    A sale of nothing keeps its original; one that was attributed to others since earns nothing.
    """
    gross, net = share.c.gross, share.c.net
    twice = cast(original, Numeric) * net * 2 + gross
    left = cast(func.div(twice, cast(gross, Numeric) * 2), BigInteger)
    return case((not_(share.c.stands), 0), (net == gross, original), (gross == 0, 0), else_=left)


def member(rule: Rule, given: Subquery) -> ColumnElement[bool]:
    """A sale earns for a member at the purchase, a day or month for a member at any moment of it."""
    if rule.open_to_all:
        return true()
    m = membership
    if rule.grain == "sale":
        moment = given.c.occurred_at
        during = and_(m.c.since <= moment, or_(m.c.until.is_(None), m.c.until > moment))
    else:
        first = given.c.first if rule.grain == "creator_month" else given.c.day
        start, end = cast(first, _MOMENT), cast(given.c.day + 1, _MOMENT)
        left = m.c.until > func.greatest(start, m.c.since)  # who left in the moment of joining never was one
        during = and_(m.c.since < end, or_(m.c.until.is_(None), left))
    return exists().where(m.c.program == rule.program, m.c.creator == given.c.creator, during)
