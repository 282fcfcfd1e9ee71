"""The platform's fee: a percentage of the price with a minimum, by currency, from a day on. Terms are only added."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.orm import Session

from bounties.tables import bounty_fee
from core.errors import Conflict, Invalid
from core.money import Money, minor_micros, round_half_up

MILLION = 1_000_000
_f = bounty_fee.c


@dataclass(frozen=True, slots=True)
class Fee:
    """`rate` in millionths of the price; from `effective_from` on, for what opens then."""

    effective_from: date
    rate: int
    minimum: Money
    set_by: str
    created_at: datetime


def fee_of(price: int, rate: int, minimum: int, currency: str) -> int:
    """Micros of the fee on a price: the percentage rounded half away from zero to the currency's minor unit, and not
    less than the minimum."""
    step = minor_micros(currency)
    return max(round_half_up(price * rate, MILLION * step) * step, minimum)


def fee_terms(session: Session, currency: str, day: date) -> tuple[int, int]:
    """Rate and minimum that hold on a day; nothing was ever set: no fee."""
    query = select(_f.rate, _f.minimum).where(_f.currency == currency, _f.effective_from <= day)
    row = session.execute(query.order_by(_f.effective_from.desc()).limit(1)).one_or_none()
    return (row.rate, row.minimum) if row else (0, 0)


def set_fee(
    session: Session, effective_from: date, rate: int, minimum: Money, person: str, today: date, now: datetime
) -> Fee:
    """Set the terms from a day on; what is open keeps the terms it opened with.

    Raises:
        Invalid: `fee_in_the_past`, `bad_fee`.
        Conflict: `fee_exists`, another for that day.
    """
    if effective_from <= today:
        raise Invalid(
            "fee_in_the_past", "New terms hold from tomorrow at the earliest.", pointer="/effective_from"
        )
    if not 0 <= rate <= MILLION or minimum.micros < 0:
        raise Invalid(
            "bad_fee", "The percentage is from 0 to 100, the minimum not below zero.", pointer="/percent"
        )
    minimum.require_minor()
    made = insert_or(bounty_fee).values(
        currency=minimum.currency,
        effective_from=effective_from,
        rate=rate,
        minimum=minimum.micros,
        set_by=person,
        created_at=now,
    )
    if not session.scalar(made.on_conflict_do_nothing().returning(_f.id)):
        raise Conflict("fee_exists", f"Terms from {effective_from} are set already; choose another day.")
    return Fee(effective_from, rate, minimum, person, now)


def list_fees(session: Session) -> list[Fee]:
    """All terms, by currency and day."""
    query = select(bounty_fee).order_by(_f.currency, _f.effective_from)
    return [
        Fee(row.effective_from, row.rate, Money(row.minimum, row.currency), row.set_by, row.created_at)
        for row in session.execute(query)
    ]
