"""Why a sale went where it went: every touch of its buyer, taken or not and why, by attribution's own statements."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from attribution.chosen import bound, candidates_sql, chosen_sql, weighed_sql
from attribution.policies import PolicyVersion
from attribution.scopes import EVER, ORDERS
from core.database import sql

MOST_TOUCHES = 1000
# Touches that had come by the moment asked for.
_KNOWN = """ AND (SELECT b.received_at FROM event_batch b WHERE b.id = t.batch_id)
    <= coalesce(CAST(:known_at AS timestamptz), 'infinity')"""
_ONE_BY_INDEX = text("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off")


@dataclass(frozen=True, slots=True)
class SaleTouch:
    """A view or click of the buyer's. Not taken, `reason`: outside_window, not_in_scope, tag_not_standing,
    own_content, suspect, same_half_hour (another of the content's counts), beaten (one touch takes all), came_later.
    """

    id: str
    type: str
    occurred_at: datetime
    content: str
    creator: str
    product: str | None
    taken: bool
    reason: str | None
    weight: int | None


@dataclass(frozen=True, slots=True)
class SalePart:
    """What a content gets: micros of the currency, of units and of orders, in proportion to the weight."""

    content: str
    touch: str
    weight: int
    amount: int
    units: int
    orders: int


def sale_parts(
    session: Session, purchase_id: int, policy: PolicyVersion, at: datetime, known_at: datetime | None
) -> list[SalePart]:
    """The parts that the policy's version gives of the purchase made `at`, as the catalog and the suspects stand now.

    `known_at` leaves out touches that came after it.
    """
    session.execute(_ONE_BY_INDEX)
    whole = sql("attribution", "sale_parts").text.replace("{claimed}", sql("attribution", "sale_claim").text)
    whole = whole.replace("{chosen}", chosen_sql(policy, _KNOWN))
    rows = session.execute(
        *bound(whole, policy, purchase=purchase_id, first_at=at, last_at=at, known_at=known_at)
    )
    return [
        SalePart(row.content, row.touch_id, int(row.weight), row.amount, row.units, row.orders)
        for row in rows
    ]


def sale_touches(
    session: Session, purchase_id: int, policy: PolicyVersion, at: datetime, known_at: datetime | None
) -> tuple[list[SaleTouch], int]:
    """The buyer's touches within the longest window, in their order, and how many there are; at most a thousand."""
    session.execute(_ONE_BY_INDEX)
    whole = sql("attribution", "sale_touches").text
    for name, part in {
        "claimed": sql("attribution", "sale_claim").text,
        "candidates": candidates_sql(policy, _KNOWN),
        "weighed": weighed_sql(policy, _KNOWN),
        "ever": EVER[policy.scope],
        "known": _KNOWN,
    }.items():
        whole = whole.replace(f"{{{name}}}", part)
    beaten = "beaten" if policy.model in ORDERS else "same_half_hour"
    rows = session.execute(
        *bound(
            whole,
            policy,
            purchase=purchase_id,
            first_at=at,
            last_at=at,
            known_at=known_at,
            beaten=beaten,
            most=MOST_TOUCHES,
        )
    ).all()
    touches = [
        SaleTouch(
            row.event_id,
            "click" if row.kind == 2 else "view",
            row.occurred_at,
            row.content,
            row.creator,
            row.product,
            row.taken,
            row.reason,
            None if row.weight is None else int(row.weight),
        )
        for row in rows
    ]
    touches.sort(key=lambda touch: (touch.occurred_at, touch.type == "click", touch.id))
    return touches, rows[0].touches if rows else 0
