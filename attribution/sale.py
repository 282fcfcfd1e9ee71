"""One sale: what was bought, taken back, and who has which part of it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from attribution.tables import attribution, purchase, refund, share
from core.errors import NotFound
from core.money import Money


@dataclass(frozen=True, slots=True)
class SaleShare:
    """A part of the sale, or (with `refund`, the refund's event id) what was taken back of it. Micros of a unit."""

    content: str
    creator: str
    amount: Money
    units: int
    refund: str | None


@dataclass(slots=True)
class SaleOutcome:
    """What one policy made of the sale: click, view or none; the touch; the shares, those of refunds after it."""

    policy: str
    outcome: str
    touch: str | None
    touched_at: datetime | None
    shares: list[SaleShare] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SaleAttribution:
    """A purchase line and its outcomes; no outcome of a policy: it is not yet attributed."""

    event: str
    order: str
    product: str
    quantity: int
    amount: Money
    occurred_at: datetime
    day: date
    refunded: Money
    returned: int
    policies: list[SaleOutcome]


def sale_attribution(session: Session, order: str, product: str) -> SaleAttribution:
    """The sale of an order's product.

    Raises:
        NotFound: no such purchase.
    """
    bought = session.execute(
        select(purchase).where(purchase.c.order_ref == order, purchase.c.product == product)
    ).one_or_none()
    if bought is None:
        raise NotFound("not_found", "No such sale.")
    return SaleAttribution(
        event=bought.event_id,
        order=bought.order_ref,
        product=bought.product,
        quantity=bought.quantity,
        amount=Money(bought.amount, bought.currency),
        occurred_at=bought.occurred_at,
        day=bought.day,
        refunded=Money(bought.refunded, bought.currency),
        returned=bought.returned,
        policies=_outcomes(session, bought.id),
    )


def _outcomes(session: Session, purchase_id: int) -> list[SaleOutcome]:
    made = attribution.c
    outcomes = {
        row.policy: SaleOutcome(row.policy, row.outcome, row.touch_id, row.touched_at)
        for row in session.execute(
            select(attribution).where(made.purchase_id == purchase_id).order_by(made.policy)
        )
    }
    for row in session.execute(
        select(share, refund.c.event_id.label("refund"))
        .join(
            attribution,
            and_(
                made.purchase_id == share.c.purchase_id,
                made.policy == share.c.policy,
                made.generation == share.c.generation,
            ),
        )
        .outerjoin(refund, refund.c.id == share.c.refund_id)
        .where(share.c.purchase_id == purchase_id)
        .order_by(share.c.refund_id.nulls_first(), share.c.content)
    ):
        part = SaleShare(row.content, row.creator, Money(row.amount, row.currency), row.units, row.refund)
        if row.policy in outcomes:  # else attributed between the two reads
            outcomes[row.policy].shares.append(part)
    return list(outcomes.values())
