"""Who can be paid now, and how much: one statement for asking, requesting and drafting."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import sql
from core.money import MICROS, Money
from ledger import accounts
from payouts.providers import least_of, step_of
from payouts.receipt_days import receipts_before
from payouts.settings import PayoutSettings, get_settings
from payouts.store import day_of

# Account codes as patterns, so that SQL puts creators in and the chart of accounts stays in one place.
AVAILABLE = accounts.creator("{}", "available")
IN_TRANSIT = accounts.creator("{}", "in_transit")
TAX = accounts.tax("{}")


def terms(
    settings: PayoutSettings,
    provider: str,
    day: date,
    *,
    until: date | None = None,
    creators: Sequence[str] | None = None,
    after: str = "",
    size: int = 1,
) -> dict[str, Any]:
    """What `payable.sql` is asked with; `day` is the day of the reservation."""
    step = step_of(provider, settings.currency)
    return {
        "currency": settings.currency,
        "provider": provider,
        "minimum": settings.minimum.micros,
        "least": least_of(provider, settings.currency).micros,
        "step": step,
        "tax_digits": len(str(tax_step(settings.currency, step))) - 1,
        "day": day,
        "receipts_before": receipts_before(day),
        "until": until,
        "creators": None if creators is None else list(creators),
        "after": after,
        "size": size,
        "available": AVAILABLE,
    }


@contextmanager
def creator_by_creator(session: Session) -> Iterator[None]:
    """Walk payees by their index, so that `payable.sql` ends with the chunk: the planner would rather sort them all."""
    for way in ("enable_seqscan", "enable_sort"):
        session.execute(text(f"SET LOCAL {way} = off"))
    yield
    for way in ("enable_seqscan", "enable_sort"):
        session.execute(text(f"SET LOCAL {way} TO DEFAULT"))


def tax_step(currency: str, step: int) -> int:
    """Tax is withheld in whole rubles; in other currencies in what can be sent, so that the rest can be sent too."""
    return MICROS if currency == "RUB" else step


def payable(session: Session, creator: str, currency: str, now: datetime) -> Money:
    """What a run of the currency's provider would take for this creator now, tax included; zero when nothing.

    Raises:
        Invalid: `unknown_currency`.
    """
    settings = get_settings(session, currency)
    asked = terms(settings, settings.provider, day_of(session, now), creators=[creator])
    row = session.execute(sql("payouts", "payable"), asked).one_or_none()
    return Money(row.gross if row else 0, currency)


def why_not(session: Session, creator: str, currency: str, now: datetime) -> str | None:
    """Why a creator whose `payable` is zero is not paid, as a stable code; None for a creator that nobody knows."""
    settings = get_settings(session, currency)
    asked = {
        "creator": creator,
        "currency": currency,
        "provider": settings.provider,
        "receipts_before": receipts_before(day_of(session, now)),
    }
    reason: str | None = session.scalar(sql("payouts", "why_not"), asked)
    return reason
