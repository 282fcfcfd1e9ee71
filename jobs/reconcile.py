"""Reconcile: every day at 05:00, and when a statement has come in."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import KopeckError
from jobs.job import Context, Job
from payouts.bank_tables import bank_statement
from payouts.reconcile import Reconciled, compare_since, reconcile
from payouts.reconcile_stripe import list_transfers, spool
from payouts.reconcile_tables import reconciliation
from payouts.stripe.client import stripe_client
from payouts.stripe.reported import fetch_transfer, see_transfer, uncredited

HOUR = 5


def step(context: Context) -> dict[str, int]:
    """One reconciliation, if one is due. A repeat finds what it found.

    Raises:
        KopeckError: Stripe did not answer; the rest was compared, and the next try comes by itself.
    """
    now = context.now()
    with transaction(context.engine) as session:
        if not is_due(session, now, context):
            return {}
    done, failed = reconcile_now(context)
    if failed is not None:
        raise failed
    return {"runs": 1, "differences": done.found, "new": done.new, "over": done.over}


def is_due(session: Session, now: datetime, context: Context) -> bool:
    """Was there no whole comparison since 05:00, or none at all since the last statement?

    Without a key of Stripe's no comparison is whole once it was used, and any will do.
    """
    r = reconciliation.c
    local = now.astimezone(context.settings.zone)
    five = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    five -= timedelta(days=1 if local < five else 0)
    whole = session.scalar(select(func.max(r.at)).where(r.complete))
    last = session.scalar(select(func.max(r.at)))
    whole = whole if context.settings.stripe_api_key else last
    seen = session.scalar(select(func.max(r.statement_id))) or 0
    imported = session.scalar(select(func.max(bank_statement.c.id))) or 0
    return whole is None or whole < five or imported > seen


def reconcile_now(context: Context) -> tuple[Reconciled, KopeckError | None]:
    """Compare now, whether due or not; and why Stripe's side was left out, when it did not answer."""
    listed_at = context.now()
    with transaction(context.engine) as session:
        since = compare_since(session, listed_at)
    transfers, failed = _listed(context, since)
    try:
        with transaction(context.engine) as session:
            done = reconcile(session, transfers, since, listed_at, context.now())
    finally:
        if transfers is not None:
            transfers.close()
    if transfers is not None:
        with suppress(KopeckError):  # what was not seen stays a difference
            _credit(context)
    return done, failed


def _credit(context: Context) -> None:
    """What Stripe took back and no event has told of is credited to its creators; the difference ends with that."""
    with transaction(context.engine) as session:
        transfers = uncredited(session)
    for transfer in transfers:
        shown = fetch_transfer(stripe_client(context.settings), transfer)
        with transaction(context.engine) as session:
            see_transfer(session, shown, context.now())


def _listed(context: Context, since: datetime) -> tuple[IO[str] | None, KopeckError | None]:
    if not context.settings.stripe_api_key:
        return None, None
    try:
        return spool(list_transfers(stripe_client(context.settings), since)), None
    except KopeckError as error:
        return None, error


JOB = Job(
    "reconcile",
    timedelta(minutes=5),
    step,
    "puts our books beside Stripe's and the bank's, daily at 05:00 and after statements",
)
