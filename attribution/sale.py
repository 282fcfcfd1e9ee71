"""One sale: what was bought, taken back, and who has which part of it and why."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from attribution.sale_outcome import SaleOutcome, sale_outcomes
from attribution.tables import purchase
from core.errors import NotFound
from core.money import Money


@dataclass(frozen=True, slots=True)
class SaleAttribution:
    """A purchase line and what each policy made of it. `anonymous`: it came without a viewer, so nobody can earn."""

    event: str
    order: str
    product: str
    quantity: int
    amount: Money
    occurred_at: datetime
    day: date
    anonymous: bool
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
        anonymous=bought.viewer is None,
        refunded=Money(bought.refunded, bought.currency),
        returned=bought.returned,
        policies=sale_outcomes(session, bought),
    )
