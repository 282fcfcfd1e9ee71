"""Which day of a currency's schedule is due, and asking for its run, once, whoever asks."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.database import savepoint
from core.errors import Conflict, Refused
from payouts.request import request_run
from payouts.store import Run
from payouts.tables import payout_setting

PERSON = "kopeck"
# Later than midnight, so that what matured with the day before is released by then.
BEGINS = time(6)


@dataclass(frozen=True, slots=True)
class Asked:
    """A day of a currency's schedule that was taken care of; `run` None: nobody could be paid."""

    currency: str
    period: date
    run: Run | None


def due_day(schedule: str, now: datetime, zone: ZoneInfo) -> date | None:
    """The schedule's latest day that has begun, of however many that were slept through; None: a person asks."""
    local = now.astimezone(zone)
    day = local.date() if local.time() >= BEGINS else local.date() - timedelta(days=1)
    how, _, number = schedule.partition(":")
    if how == "manual":
        return None
    if how == "daily":
        return day
    if how == "weekly":
        return day - timedelta(days=(day.isoweekday() - int(number)) % 7)
    if day.day >= int(number):
        return day.replace(day=int(number))
    return (day.replace(day=1) - timedelta(days=1)).replace(day=int(number))


def ask_for_due(session: Session, now: datetime, zone: ZoneInfo) -> Asked | None:
    """Ask for the run of one currency whose day has come; None when none has.

    Several processes meet at the currency's row: who comes second finds the day taken care of. A day on which nobody
    could be paid is not looked at again; one that meets a run that is still being drafted stays due.

    Raises:
        Unavailable: `ledger_halted`; the day stays due.
    """
    s = payout_setting.c
    for currency, schedule in session.execute(select(s.currency, s.schedule).order_by(s.currency)).all():
        day = due_day(schedule, now, zone)
        with suppress(Conflict), savepoint(session):
            if day is not None and _take(session, currency, schedule, day):
                return Asked(currency, day, _ask(session, currency, day, now))
    return None


def _take(session: Session, currency: str, schedule: str, day: date) -> bool:
    s = payout_setting.c
    due = update(payout_setting).where(
        s.currency == currency, s.schedule == schedule, or_(s.asked_to.is_(None), s.asked_to < day)
    )
    return session.scalar(due.values(asked_to=day).returning(s.currency)) is not None


def _ask(session: Session, currency: str, day: date, now: datetime) -> Run | None:
    provider = session.scalars(
        select(payout_setting.c.provider).where(payout_setting.c.currency == currency)
    ).one()
    try:
        return request_run(
            session,
            currency=currency,
            provider=provider,
            until=None,
            creators=None,
            person=PERSON,
            now=now,
            period=day,
        )
    except Refused as refused:
        if refused.code != "nothing_payable":
            raise
        return None
