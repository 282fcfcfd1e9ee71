"""What each policy made of one sale, and whether the same comes out when it is done again."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from attribution.explain import SalePart, SaleTouch, sale_parts, sale_touches
from attribution.policies import PolicyVersion, versions
from attribution.tables import attribution, refund, share
from core.money import Money


@dataclass(frozen=True, slots=True)
class SaleShare:
    """A part of the sale, or (with `refund`, the refund's event id) what was taken back of it. Micros of a unit and of
    an order. `weight`: of the content's touches together, None of a refund's part.
    """

    content: str
    creator: str
    amount: Money
    units: int
    orders: int
    weight: int | None
    refund: str | None


@dataclass(slots=True)
class SaleOutcome:
    """What one policy made of the sale: click, view or none; `waiting` when it is not attributed yet, `not_in_force`
    when it was made before the policy's first version. The touches as they are judged now; `agrees`: that gives the
    very shares that stand. (It does not while a decision about a suspect waits to be worked in.)
    """

    policy: str
    outcome: str
    version: PolicyVersion | None
    generation: int | None = None
    attributed_at: datetime | None = None
    touch: str | None = None
    touched_at: datetime | None = None
    agrees: bool | None = None
    touches: list[SaleTouch] = field(default_factory=list)
    touch_count: int = 0
    shares: list[SaleShare] = field(default_factory=list)


def sale_outcomes(session: Session, bought: Row[Any]) -> list[SaleOutcome]:
    """What every policy made of a purchase, in the order of their ids."""
    made = {
        row.policy: row
        for row in session.execute(select(attribution).where(attribution.c.purchase_id == bought.id))
    }
    by_policy: dict[str, list[PolicyVersion]] = {}
    for version in versions(session):
        by_policy.setdefault(version.policy, []).append(version)
    return [_outcome(session, bought, known, made.get(policy)) for policy, known in by_policy.items()]


def _outcome(
    session: Session, bought: Row[Any], known: list[PolicyVersion], made: Row[Any] | None
) -> SaleOutcome:
    if made is None:
        return _not_yet(session, bought, known)
    version = next(each for each in known if each.version == made.version)
    stored = _stored(session, made)
    came_by, parts, agrees = _as_it_stood(session, bought, version, made, stored)
    outcome = SaleOutcome(
        made.policy,
        made.outcome,
        version,
        made.generation,
        made.attributed_at,
        made.touch_id,
        made.touched_at,
        agrees,
    )
    outcome.touches, outcome.touch_count = sale_touches(
        session, bought.id, version, bought.occurred_at, came_by
    )
    weights = {part.content: part.weight for part in parts} if agrees else {}
    outcome.shares = [_share(row, weights) for row in stored]
    return outcome


def _not_yet(session: Session, bought: Row[Any], known: list[PolicyVersion]) -> SaleOutcome:
    at = bought.occurred_at
    version = next((each for each in known if each.since <= at < each.until), None)
    if version is None:
        return SaleOutcome(known[0].policy, "not_in_force", None)
    outcome = SaleOutcome(version.policy, "waiting", version)
    outcome.touches, outcome.touch_count = sale_touches(session, bought.id, version, at, None)
    return outcome


def _as_it_stood(
    session: Session, bought: Row[Any], version: PolicyVersion, made: Row[Any], stored: list[Row[Any]]
) -> tuple[datetime | None, list[SalePart], bool]:
    """The moment up to which touches had come for what stands, None for now; the parts; do they equal the shares?

    A touch that came after its purchase was attributed has no part in it unless the purchase is attributed anew.
    """
    stands = {row.content: (row.amount, row.units, row.orders) for row in stored if row.refund is None}
    parts: list[SalePart] = []
    for came_by in (None, made.attributed_at):
        parts = sale_parts(session, bought.id, version, bought.occurred_at, came_by)
        first = parts[0].touch if parts else None
        given = {part.content: (part.amount, part.units, part.orders) for part in parts}
        if (given, first) == (stands, made.touch_id):
            return came_by, parts, True
    return None, parts, False


def _stored(session: Session, made: Row[Any]) -> list[Row[Any]]:
    query = (
        select(share, refund.c.event_id.label("refund"))
        .outerjoin(refund, refund.c.id == share.c.refund_id)
        .where(
            share.c.purchase_id == made.purchase_id,
            share.c.policy == made.policy,
            share.c.generation == made.generation,
        )
        .order_by(share.c.refund_id.nulls_first(), share.c.content)
    )
    return list(session.execute(query).all())


def _share(row: Row[Any], weights: dict[str, int]) -> SaleShare:
    return SaleShare(
        content=row.content,
        creator=row.creator,
        amount=Money(row.amount, row.currency),
        units=row.units,
        orders=row.orders,
        weight=weights.get(row.content) if row.refund is None else None,
        refund=row.refund,
    )
