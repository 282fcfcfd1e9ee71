"""What the keys of a pool weigh, and what that is worth: one reading for splits and for estimates before them."""

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
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
    func,
    literal,
    null,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from core.database import sql
from rewards.rules import Rule
from rewards.target import valued

_MOMENT = TIMESTAMP(timezone=True)
_COLUMNS: dict[str, Any] = {
    "period": Date,
    "key": Text(collation="C"),
    "creator": Text(collation="C"),
    "content": Text(collation="C"),
    "product": Text(collation="C"),
    "purchase_id": BigInteger,
    "occurred_at": _MOMENT,
    "weight": Numeric,
}
# The keys that take part in the pool that is being split. Estimates put a CTE of this name in its place.
pool_key = Table(
    "pool_key",
    MetaData(),
    *(Column(name, kind) for name, kind in _COLUMNS.items()),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)


def weighed(rule: Rule, given: Subquery, since: date, until: date) -> Select[Any]:
    """Rows of `pool_key`: the keys of whole periods from `since` to before `until` that weigh something.

    The rule is the one in force on each period's first day and counts for all its days. Of more than `top` keys of a
    period those that weigh most take part, of equal ones the earlier.
    """
    assert rule.pool is not None
    for_all = replace(rule, since=since, until=until, protection_days=0)
    found = valued(for_all, given, rule.pool.weight)
    keys = select(
        _period(rule, found).label("period"),
        found.c.key.collate("C").label("key"),
        found.c.creator,
        found.c.content,
        (found.c.product if "product" in found.c else cast(null(), Text)).label("product"),
        found.c.purchase_id,
        (found.c.occurred_at if rule.grain == "sale" else cast(found.c.day, _MOMENT)).label("occurred_at"),
        (_after_refunds(found) if rule.grain == "sale" else found.c.value).label("weight"),
    ).subquery("keys")
    taking = select(keys).where(keys.c.weight > 0)
    return _top(taking.subquery("taking"), rule.pool.top) if rule.pool.top else taking


def _period(rule: Rule, found: Subquery) -> ColumnElement[date]:
    if rule.pool is not None and rule.pool.per == "month":
        return cast(func.date_trunc("month", cast(found.c.day, TIMESTAMP)), Date)
    return found.c.day


def _after_refunds(found: Subquery) -> ColumnElement[Any]:
    """A sale weighs by what refunds had left of it, cut to 12 decimals like every quotient; taken away, it is none."""
    value, gross, net = found.c.value, cast(found.c.gross, Numeric), cast(found.c.net, Numeric)
    left = func.div(value * net * 10**12, gross, type_=Numeric()) * literal("0.000000000001", Numeric)
    gone = and_(net == 0, found.c.quantity == 0)
    return case(
        (gone, literal(0, Numeric)), (net == gross, value), (gross == 0, literal(0, Numeric)), else_=left
    )


def _top(taking: Subquery, top: int) -> Select[Any]:
    place = func.row_number().over(
        partition_by=taking.c.period, order_by=(taking.c.weight.desc(), taking.c.key)
    )
    placed = select(taking, place.label("place")).subquery("placed")
    return select(*(placed.c[name] for name in _COLUMNS)).where(placed.c.place <= top)


def shares(pool: int) -> Subquery:
    """The rows of `pool_key` with the `share` of each in micros; each period has a pool of its own."""
    statement = text(sql("rewards", "pool_shares").text).bindparams(pool=pool)
    return statement.columns(
        *(Column(name, kind) for name, kind in _COLUMNS.items()), Column("share", BigInteger)
    ).subquery("shares")
