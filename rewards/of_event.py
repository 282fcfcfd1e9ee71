"""What an event was rewarded with: a sale by itself, a view or click by the figures of its day."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.ids import public_id
from core.money import Money

# A day has few rewards, but nothing bounds how often a figure moves.
MOST = 1000
_MOST = f" LIMIT {MOST}"


@dataclass(frozen=True, slots=True)
class EventReward:
    """One posted line. Negative: taken back."""

    id: str
    program: str
    rule: str
    grain: str
    creator: str
    content: str | None
    amount: Money
    released_at: datetime | None


def sale_rewards(session: Session, purchase: int) -> list[EventReward]:
    """Every line that the purchase led to, refunds included, oldest first."""
    return _found(session, "sale_rewards", purchase=purchase)


def touch_rewards(session: Session, content: str, day: date) -> list[EventReward]:
    """Every line for figures of the day that the content's views and clicks are counted in, oldest first."""
    return _found(session, "touch_rewards", content=content, day=day)


def _found(session: Session, query: str, **asked: object) -> list[EventReward]:
    rows = session.execute(text(sql("rewards", query).text + _MOST), asked)
    return [
        EventReward(
            public_id("rwd", row.id, row.recorded_at),
            row.program,
            row.rule,
            row.grain,
            row.creator,
            row.content,
            Money(row.amount, row.currency),
            row.released_at,
        )
        for row in rows
    ]
