"""Who can be paid now, and how much: one statement for asking, requesting and drafting."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.database import sql
from core.money import Money, minor_micros
from ledger import accounts
from payouts.settings import PayoutSettings, get_settings

# Account codes as patterns, so that SQL puts creators in and the chart of accounts stays in one place.
AVAILABLE = accounts.creator("{}", "available")
IN_TRANSIT = accounts.creator("{}", "in_transit")


def terms(
    settings: PayoutSettings,
    provider: str,
    *,
    until: date | None = None,
    creators: Sequence[str] | None = None,
    after: str = "",
    size: int = 1,
) -> dict[str, Any]:
    """What `payable.sql` is asked with."""
    return {
        "currency": settings.currency,
        "provider": provider,
        "minimum": settings.minimum.micros,
        "unit": minor_micros(settings.currency),
        "until": until,
        "creators": None if creators is None else list(creators),
        "after": after,
        "size": size,
        "available": AVAILABLE,
    }


def payable(session: Session, creator: str, currency: str) -> Money:
    """What a run of the currency's provider would take for this creator now; zero when it would take nothing.

    Raises:
        Invalid: `unknown_currency`.
    """
    settings = get_settings(session, currency)
    asked = terms(settings, settings.provider, creators=[creator])
    row = session.execute(sql("payouts", "payable"), asked).one_or_none()
    return Money(row.amount if row else 0, currency)
