"""What a creator sees: pots, rewards, earnings."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid, NotFound
from core.ids import key_of, public_id
from core.money import Money

GROUPS = ("day", "content", "product", "program", "rule")


@dataclass(frozen=True, slots=True)
class Pots:
    """A creator's money in one currency, by ledger account."""

    currency: str
    pending: Money
    available: Money
    in_transit: Money
    next_release: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Reward:
    """One posted line: what a rule gave or took back for one key."""

    id: str
    program: str
    version: int
    rule: str
    grain: str
    key: str
    creator: str
    content: str | None
    product: str | None
    kind: str
    day: date
    amount: Money
    matures_at: datetime
    released_at: datetime | None
    recorded_at: datetime
    entry: str | None


def pots(session: Session, creator: str) -> list[Pots]:
    """Pending, available and in transit by currency, and what matures next."""
    return [
        Pots(
            row.currency,
            Money(row.pending, row.currency),
            Money(row.available, row.currency),
            Money(row.in_transit, row.currency),
            None
            if row.next_at is None
            else {"at": row.next_at, "amount": Money(row.next_amount, row.currency)},
        )
        for row in session.execute(
            sql("rewards", "pots"), {"prefix": f"liabilities:creator:{creator}:", "creator": creator}
        )
    ]


def _reward(row: Any) -> Reward:
    return Reward(
        public_id("rwd", row.id, row.recorded_at),
        row.program,
        row.version,
        row.rule,
        row.grain,
        row.key,
        row.creator,
        row.content,
        row.product,
        row.kind,
        row.day,
        Money(row.amount, row.currency),
        row.matures_at,
        row.released_at,
        row.recorded_at,
        row.entry_id and public_id("ent", row.entry_id, row.entry_at),
    )


def list_rewards(session: Session, creator: str, limit: int, before: int | None) -> list[tuple[int, Reward]]:
    """A creator's rewards with their keys, newest first."""
    rows = session.execute(
        sql("rewards", "rewards"), {"creator": creator, "before": before, "limit": limit, "id": None}
    )
    return [(row.id, _reward(row)) for row in rows]


def get_reward(session: Session, reward_id: str) -> tuple[Reward, Any]:
    """One reward and its row.

    Raises:
        NotFound: no such reward.
    """
    found = session.execute(
        sql("rewards", "rewards"),
        {"creator": None, "before": None, "limit": 1, "id": key_of("rwd", reward_id)},
    ).one_or_none()
    if found is None or _reward(found).id != reward_id:
        raise NotFound("not_found", "No such reward.")
    return _reward(found), found


def earnings(session: Session, creator: str, since: date, until: date, group_by: str) -> list[dict[str, Any]]:
    """What was earned by earning day (figures may still change), with the counts beside the money.

    Views, clicks, orders and sales stand where they belong to the group: by day, content or product.

    Raises:
        Invalid: `bad_group`.
    """
    if group_by not in GROUPS:
        raise Invalid("bad_group", f"Group by one of {', '.join(GROUPS)}.", pointer="/group_by")
    rows = session.execute(
        sql("rewards", "earnings"), {"creator": creator, "since": since, "until": until, "by": group_by}
    )
    return [
        dict(row._mapping)
        | {
            "earned": Money(row.earned, row.currency),
            "sales": None if row.sales is None else Money(row.sales, row.currency),
        }
        for row in rows
    ]
