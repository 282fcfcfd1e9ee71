"""Rules tried over stored history: what they would have owed, summed by creator and day into the temp table `trial`.

Rules without caps of one grain are evaluated in one pass over its figures, as many columns as there are rules: reading
the figures costs more than any formula. Capped rules and pools need their keys in order and are read one by one
(`trial_caps.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
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
    SmallInteger,
    Subquery,
    Table,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    true,
    values,
)
from sqlalchemy.orm import Session

from formula import micros_sql
from rewards.figures import figures
from rewards.rules import Rule
from rewards.target import after_refunds, applies, units

trial = Table(
    "trial",
    MetaData(),
    Column("side", SmallInteger),
    Column("rule", Text),
    Column("creator", Text(collation="C")),
    Column("seller", Text, comment="who would pay, where sellers do"),
    Column("day", Date),
    Column("amount", Numeric),
    Column("uncapped", Numeric),
    Column("cap", Text, comment="the scope of the cap that cut these keys; null: none did"),
    Column("keys", BigInteger),
    Column("protected", Boolean, comment="by rate protection: sales and days"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
OLD, NEW = 0, 1


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule on one side of a backtest: OLD, as it was in force, or NEW."""

    side: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Span:
    """Days of one month that are tried at once, from `first` to `last`.

    `read` is earlier where the caps of a month have had part of it spent before: by the rules that were in force.
    """

    first: date
    last: date
    read: date

    @property
    def next(self) -> date:
        """The first day after it."""
        return self.last + timedelta(days=1)

    @property
    def whole(self) -> bool:
        """A month from its first day to its last?"""
        return self.first.day == 1 and self.next.day == 1


def make_trial(session: Session) -> None:
    """The temp table, empty."""
    trial.create(session.connection(), checkfirst=True)
    session.execute(trial.delete())


def add(session: Session, rows: Select[Any]) -> None:
    """Put rows of `trial` into it."""
    session.execute(trial.insert().from_select([c.name for c in trial.c], rows))


def try_plain(session: Session, tried: Sequence[Tried], span: Span) -> None:
    """What rules without caps and pools owe for what is due (the temp tables that `fill_due` filled with these days)."""
    for grain in sorted({each.rule.grain for each in tried}):
        if grain != "creator_month" or span.whole:
            add(session, _one_pass(grain, [each for each in tried if each.rule.grain == grain], span))


def _one_pass(grain: str, tried: Sequence[Tried], span: Span) -> Select[Any]:
    rows = _valued(grain, tried, span)
    keys = [rows.c.creator, rows.c.day, rows.c.payer]
    summed = [func.sum(_micros(rows, i)).label(f"s{i}") for i in range(len(tried))]
    sums = select(*keys, *summed).group_by(*keys).subquery("sums")
    each = values(column("side", SmallInteger), column("rule", Text), column("amount", Numeric), name="each").data(
        [(one.side, one.rule.name, sums.c[f"s{i}"]) for i, one in enumerate(tried)]
    ).lateral()  # fmt: skip
    return (
        select(
            each.c.side, each.c.rule, sums.c.creator, sums.c.payer, sums.c.day, each.c.amount, each.c.amount,
            cast(null(), Text), literal(0, BigInteger), literal(grain != "creator_month", Boolean),
        )
        .select_from(sums.join(each, true()))
        .where(each.c.amount != 0)
    )  # fmt: skip


def _valued(grain: str, tried: Sequence[Tried], span: Span) -> Subquery:
    """The grain's keys with the value of each rule, 0 where it does not apply."""
    one = tried[0].rule
    given = figures(grain, one.policy, one.currency)
    sale = (given.c.gross, given.c.net, given.c.stands) if grain == "sale" else ()
    found = [
        case((applies(each.rule, given), _formula(each.rule, given)), else_=literal(0, Numeric)).label(
            f"v{i}"
        )
        for i, each in enumerate(tried)
    ]
    payer = (given.c.seller if one.seller_funded else cast(null(), Text)).label("payer")
    valued = select(given.c.creator, given.c.day, payer, *sale, *found).where(
        within(given, grain, span.first, span.last)
    )
    # The offset keeps PostgreSQL from flattening, which would evaluate the formula at each mention.
    return valued.offset(0).subquery("valued")


def within(given: Subquery, grain: str, first: date, last: date) -> ColumnElement[bool]:
    """Keys of these days; of months those that lie wholly in them."""
    begin = given.c.first if grain == "creator_month" else given.c.day
    return and_(begin >= first, given.c.day <= last)


def _formula(rule: Rule, given: Subquery) -> ColumnElement[Any]:
    assert rule.amount is not None
    return units(rule, given, rule.amount)


def _micros(rows: Subquery, i: int) -> ColumnElement[int]:
    original = micros_sql(rows.c[f"v{i}"])
    return after_refunds(original, rows) if "gross" in rows.c else original
