"""Split pools: when a period is final its pool is shared among the keys of its rule's grain, once and for good.

The shares are targets like any other; accrual posts them as far as the money goes. What comes to be known afterwards
re-splits nothing.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Date, Text, func, insert, literal, select, text
from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings
from rewards.caps import set_capped
from rewards.figures import analyze_due, figures, make_due
from rewards.lock import take_turn
from rewards.pool_period import Period, final_at, periods
from rewards.pool_weigh import pool_key, shares, weighed
from rewards.rules import Rule, active_rules
from rewards.tables import pool_split, reward_target
from rewards.target import make_touched, touched

_FILLS = {"sale": "fill_due_purchases", "creator_month": "pool_due_months"}
_UNBOUNDED = "SET LOCAL statement_timeout = 0"  # a pool is split at once or not at all
_ROOM = "SET LOCAL work_mem = '128MB'"


def split_pools(session: Session, now: datetime, settings: Settings, limit: int = 1) -> int:
    """Split the pools of up to `limit` periods that are final and whose facts are all in. Returns how many it split.

    A period whose facts are still on their way is left for the next time and holds up no other.
    """
    take_turn(session, patient=True)
    done = 0
    for rule, period in _due(session, now, settings):
        if done == limit:
            break
        if not _waits(session, rule, period, settings):
            _split(session, rule, period)
            done += 1
    return done


def _due(session: Session, now: datetime, settings: Settings) -> Iterator[tuple[Rule, Period]]:
    """What is final and not split, the oldest first."""
    known = {tuple(row) for row in session.execute(select(pool_split.c.rule_id, pool_split.c.period))}
    found = [
        (period.last, rule.id, rule, period)
        for rule in active_rules(session)
        if rule.pool is not None
        for period in periods(rule, rule.since, now.astimezone(settings.zone).date())
        if final_at(period, settings) <= now and (rule.id, period.first) not in known
    ]
    yield from ((rule, period) for _, _, rule, period in sorted(found, key=lambda each: each[:2]))


def _waits(session: Session, rule: Rule, period: Period, settings: Settings) -> bool:
    asked = {
        "policy": rule.policy,
        "first": period.first,
        "next": period.next,
        "month": period.month,
        "final_at": final_at(period, settings),
    }
    return bool(session.scalar(sql("rewards", "pool_waits"), asked))


def _split(session: Session, rule: Rule, period: Period) -> None:
    assert rule.pool is not None
    session.execute(text(_UNBOUNDED))
    session.execute(text(_ROOM))
    fill(session, rule, period)
    weigh(session, rule, period)
    keys, weight = session.execute(select(func.count(), func.coalesce(func.sum(pool_key.c.weight), 0))).one()
    write(session, rule, period)
    done = {"rule_id": rule.id, "period": period.first, "keys": keys, "weight": weight}
    session.execute(insert(pool_split).values(**done, paid=rule.pool.amount if keys else 0))


def fill(session: Session, rule: Rule, period: Period) -> None:
    """Make what the grain's figures of the period are read from due."""
    make_due(session)
    days = {"policy": rule.policy, "since": period.first, "until": period.last}
    session.execute(sql("rewards", _FILLS.get(rule.grain, "fill_due_days")), days)
    analyze_due(session)


def weigh(session: Session, rule: Rule, period: Period) -> None:
    """Fill `pool_key` with who takes part."""
    pool_key.create(session.connection(), checkfirst=True)
    session.execute(pool_key.delete())
    rows = weighed(rule, figures(rule.grain, rule.policy, rule.currency), period.first, period.next)
    session.execute(pool_key.insert().from_select([c.name for c in pool_key.c], rows))
    session.execute(text("ANALYZE pool_key"))


def write(session: Session, rule: Rule, period: Period) -> None:
    """The shares as targets of the period's last day, and less where caps cut them."""
    assert rule.pool is not None
    part = shares(rule.pool.amount)
    row = {
        "rule_id": literal(rule.id, BigInteger),
        "key": part.c.key,
        "program": literal(rule.program, Text),
        "creator": part.c.creator,
        "content": part.c.content,
        "product": part.c.product,
        "purchase_id": part.c.purchase_id,
        "day": literal(period.last, Date),
        "occurred_at": part.c.occurred_at,
        "original": part.c.share,
        "uncapped": part.c.share,
        "target": literal(0, BigInteger) if rule.caps else part.c.share,
        "weight": part.c.weight,
        "clamped": literal(False, Boolean),
        "whole": literal(rule.whole, Boolean),
    }
    # By key, which is the order of most of the table's indexes.
    rows = select(*row.values()).order_by(part.c.key)
    session.execute(reward_target.insert().from_select(list(row), rows))
    if rule.caps:
        make_touched(session)
        creators = select(
            literal(rule.id, BigInteger), pool_key.c.creator, literal(period.last, Date)
        ).distinct()
        session.execute(touched.insert().from_select(["rule_id", "creator", "day"], creators))
        set_capped(session, rule)
