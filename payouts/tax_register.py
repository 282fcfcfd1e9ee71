"""The register of withheld tax: what each creator was owed, what was kept for the tax office, what was sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import TIMESTAMP, Date, cast, literal, select
from sqlalchemy.orm import Session

from core.ids import public_id
from core.money import Money
from payouts.tables import payout

GONE = ("failed", "returned", "cancelled")
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One payout on the day of its reservation, to whose year it belongs; gross = tax + net.

    What a provider took back is in neither; the tax of it is given back with the creator's next payout.
    """

    day: date
    payout: str
    creator: str
    tax_status: str
    kind: str | None
    gross: Money
    tax: Money
    net: Money
    state: str


def tax_rows(session: Session, since: date, until: date) -> Iterator[TaxRow]:
    """Payouts reserved from the first to the last day, in that order, read page by page; those without tax included,
    those that came to nothing not.
    """
    query = (
        select(payout, cast(payout.c.created_at, Date).label("day"))
        .where(
            payout.c.created_at >= _begin(since),
            payout.c.created_at < _begin(until + timedelta(days=1)),
            payout.c.state.not_in(GONE),
        )
        .order_by(payout.c.id)
        .execution_options(yield_per=_PAGE)
    )
    for row in session.execute(query):
        net, tax = Money(row.amount - row.reversed, row.currency), Money(row.tax, row.currency)
        yield TaxRow(
            row.day,
            public_id("po", row.id, row.created_at),
            row.creator,
            row.tax_status,
            row.tax_kind,
            net + tax,
            tax,
            net,
            row.state,
        )


def _begin(day: date) -> object:
    """The day's first moment in the session's time zone, the service's."""
    return cast(literal(day, Date), TIMESTAMP(timezone=True))
