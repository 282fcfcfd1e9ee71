"""Ask for a payout run: a row that the drafting job picks up."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.tables import creator as creator_table
from core.database import savepoint, sql
from core.errors import Conflict, Invalid, Refused
from ledger.halt import refuse_if_halted
from payouts.payable import creator_by_creator, terms
from payouts.providers import check_provider
from payouts.settings import get_settings
from payouts.store import Run, day_of, run_of
from payouts.tables import payout_run


def request_run(
    session: Session,
    *,
    currency: str,
    provider: str,
    until: date | None,
    creators: Sequence[str] | None,
    person: str,
    now: datetime,
    period: date | None = None,
) -> Run:
    """Begin a run in state `drafting`, for these creators or for everyone who can be paid.

    `period`: the day of the schedule that asks, which has one run at most.

    Raises:
        Invalid: `unknown_currency`, `unknown_provider`, `unsupported_currency`, `unknown_creator`.
        Conflict: `run_in_progress`, a run of this currency is still being drafted.
        Refused: `nothing_payable`.
        Unavailable: `ledger_halted`.

    Two who ask at once meet at the partial unique index. Who gets in looks again whether anything is payable: the
    run before may have been drafted since the first look, and all its reservations are visible by then.
    """
    refuse_if_halted(session)
    check_provider(provider, currency)
    settings, day = get_settings(session, currency), day_of(session, now)
    names = None if creators is None else _known(session, creators)
    if session.scalar(select(exists().where(_drafting, payout_run.c.currency == currency))):
        raise _in_progress(currency)
    asked = terms(settings, provider, day, until=until, creators=names)
    _refuse_nothing(session, asked, currency)

    limit = settings.approval_limit.micros if settings.approval_limit else None
    with savepoint(session):
        row = session.execute(
            insert(payout_run)
            .values(currency=currency, provider=provider, until=until, creators=names, period=period)
            .values(drafted_by=person, created_at=now, approval_limit=limit)
            .on_conflict_do_nothing(index_elements=["currency"], index_where=text("state = 'drafting'"))
            .returning(payout_run)
        ).one_or_none()
        if row is None:
            raise _in_progress(currency)
        _refuse_nothing(session, asked, currency)
    return run_of(row)


_drafting = payout_run.c.state == "drafting"


def _in_progress(currency: str) -> Conflict:
    return Conflict("run_in_progress", f"A run in {currency} is still being drafted.")


def _refuse_nothing(session: Session, asked: dict[str, Any], currency: str) -> None:
    found = None
    if asked["creators"] is not None or session.scalar(sql("payouts", "any_money"), asked):
        with creator_by_creator(session):
            found = session.execute(sql("payouts", "payable"), asked).first()
    if found is None:
        raise Refused("nothing_payable", f"Nobody can be paid in {currency} now.")


def _known(session: Session, creators: Sequence[str]) -> list[str]:
    names = sorted(set(creators))
    found = set(session.scalars(select(creator_table.c.id).where(creator_table.c.id.in_(names))))
    unknown = [name for name in names if name not in found]
    if unknown or not names:
        raise Invalid("unknown_creator", f"No such creators: {unknown[:10]}.", pointer="/creators")
    return names
