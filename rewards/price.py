"""Price: set the targets of every active rule for what changed.

Pricing, accrual and the splitting of pools take turns under one advisory lock, so that an older reading of the facts
never overwrites a newer one. Each call is one transaction's work and bounded; a repeat finds nothing left to do.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.settings import Settings
from rewards.caps import set_capped
from rewards.figures import analyze_due, make_due
from rewards.lock import take_turn
from rewards.protect import set_protection
from rewards.rules import active_rules
from rewards.target import make_touched, set_targets

_ROOM = text("SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")
_QUEUES = ("take_due_days", "take_due_months", "take_due_purchases")


def first_open_day(now: datetime, settings: Settings) -> date:
    """The first day that is not over yet: a day is when the attribution delay after its end has passed, too."""
    return (now - timedelta(seconds=settings.attribution_delay)).astimezone(settings.zone).date()


def price(session: Session, now: datetime, settings: Settings, limit: int = 50_000) -> int:
    """Take changed days, months and purchases off their queues and set the targets of every active rule for them.

    A day or month is first priced when it is over; until then its rows wait. Returns how many queue rows were handled.
    """
    take_turn(session, patient=True)
    session.execute(_ROOM)
    make_due(session)
    make_touched(session)
    today = first_open_day(now, settings)
    taken = sum(_take(session, queue, today, limit) for queue in _QUEUES)
    if taken:
        analyze_due(session)
        _set_all(session, today)
    return taken


def _take(session: Session, queue: str, today: date, limit: int) -> int:
    asked = {"limit": limit} if queue == "take_due_purchases" else {"today": today, "limit": limit}
    return int(session.execute(sql("rewards", queue), asked).rowcount)  # type: ignore[attr-defined]


def _set_all(session: Session, today: date) -> None:
    """Protection comes last in the list of rules: it compares what the others found."""
    rules = active_rules(session)
    for rule in rules:
        if rule.protects:
            set_protection(session, rule, rules, today)
        elif rule.pool is None:
            set_targets(session, rule)
            set_capped(session, rule)
