"""How a currency is paid out: when, from which amount, by whom, and above what a second person must agree."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import Invalid
from core.money import MICROS, Money, minor_micros, money_or_none
from payouts.providers import check_provider
from payouts.store import day_of
from payouts.tables import payout_setting

SCHEDULE_PATTERN = r"^(manual|daily|weekly:[1-7]|monthly:([1-9]|1[0-9]|2[0-8]))$"
_SCHEDULE = re.compile(SCHEDULE_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True)
class PayoutSettings:
    """`approval_limit`: a run whose total is above it needs two approvers; None: one is enough."""

    currency: str
    schedule: str
    minimum: Money
    provider: str
    approval_limit: Money | None


def get_settings(session: Session, currency: str) -> PayoutSettings:
    """The currency's settings; by hand from one major unit on when nobody has set any.

    Raises:
        Invalid: `unknown_currency`.
    """
    minor_micros(currency)
    row = session.execute(select(payout_setting).where(payout_setting.c.currency == currency)).one_or_none()
    return (
        _settings(row) if row else PayoutSettings(currency, "manual", Money(MICROS, currency), "manual", None)
    )


def list_settings(session: Session) -> list[PayoutSettings]:
    """What has been set, by currency."""
    return [
        _settings(row) for row in session.execute(select(payout_setting).order_by(payout_setting.c.currency))
    ]


def put_settings(
    session: Session,
    currency: str,
    *,
    schedule: str,
    minimum: Money,
    provider: str,
    approval_limit: Money | None,
    now: datetime,
) -> PayoutSettings:
    """Set all of a currency's settings. A schedule begins today: no day before is made good.

    Raises:
        Invalid: `unknown_currency`, `bad_schedule`, `unknown_provider`, `unsupported_currency`, `other_currency`,
            `not_positive`, `not_minor_units`.
    """
    check_provider(provider, currency)
    if not _SCHEDULE.fullmatch(schedule):
        raise Invalid(
            "bad_schedule",
            "A schedule is manual, daily, weekly:1 (Monday) to weekly:7, or monthly:1 to monthly:28.",
            pointer="/schedule",
        )
    for name, money in (("minimum", minimum), ("approval_limit", approval_limit)):
        if money and money.currency != currency:
            raise Invalid("other_currency", f"The {name} must be in {currency}.", pointer=f"/{name}")
        if money:
            money.require_positive().require_minor()

    values = {
        "schedule": schedule,
        "minimum": minimum.micros,
        "provider": provider,
        "approval_limit": approval_limit.micros if approval_limit else None,
        "updated_at": now,
    }
    before = session.scalar(select(payout_setting.c.schedule).where(payout_setting.c.currency == currency))
    yesterday = day_of(session, now) - timedelta(days=1)
    begun = {} if before == schedule else {"asked_to": yesterday}
    kept = begun and {"asked_to": func.greatest(payout_setting.c.asked_to, yesterday)}
    session.execute(
        insert(payout_setting)
        .values(currency=currency, **values, **begun)
        .on_conflict_do_update(index_elements=["currency"], set_=values | kept)
    )
    return PayoutSettings(currency, schedule, minimum, provider, approval_limit)


def _settings(row: Row[Any]) -> PayoutSettings:
    return PayoutSettings(
        row.currency,
        row.schedule,
        Money(row.minimum, row.currency),
        row.provider,
        money_or_none(row.approval_limit, row.currency),
    )
