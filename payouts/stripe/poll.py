"""Ask Stripe by ourselves: what webhooks would have told comes to the same end when they never come.

Events of our own account are listed from where the last poll ended. Connected accounts' events are not in that list, so
the accounts, and their payouts to their banks, are looked at one by one: those that are not finished every hour, the
others once a day. Payouts of ours that are unknown are looked up by their own job.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.database import transaction
from core.errors import Refused
from core.settings import Settings
from payouts.send_tables import provider_poll
from payouts.stripe.accounts import accounts_to_see, fetch_account, looked_at, see_account
from payouts.stripe.asking import ask
from payouts.stripe.bank_payouts import fetch_newest, see_bank_payout
from payouts.stripe.events import KINDS, PROVIDER, read_event, receive
from payouts.stripe.top_up import expire_old, fetch_checkout, see_checkout, top_ups_to_see

WINDOW = timedelta(hours=6)  # of events in one step
OVERLAP = timedelta(minutes=10)  # an event may enter the list after younger ones
FIRST = timedelta(days=3)  # how far the first poll looks back
MOST = 100  # objects of a kind in one step
log = structlog.get_logger()
_TYPES = sorted(each for each, kind in KINDS.items() if kind in ("transfer", "checkout"))


def poll_events(engine: Engine, client: StripeClient, settings: Settings, now: datetime) -> dict[str, int]:
    """The next window of events into the inbox; `more` when windows are left. A repeat finds them there.

    Raises:
        Refused, Conflict, Unavailable: as `ask`; the next poll begins where this one did.
    """
    with transaction(engine) as session:
        last = session.scalar(select(provider_poll.c.polled_to)) or now - FIRST
    until = min(last + WINDOW, now)
    asked: dict[str, Any] = {
        "types": _TYPES,
        "created": {"gte": int((last - OVERLAP).timestamp())} | _end(until, now),
        "limit": 100,
    }
    new, more = 0, True
    while more:
        page = ask(lambda: client.v1.events.list(asked))  # type: ignore[arg-type]
        with transaction(engine) as session:
            for whole in page["data"]:
                new += receive(session, read_event(whole), whole, settings, now)
        more = bool(page["has_more"])
        asked["starting_after"] = page["data"][-1]["id"] if more else None
    with transaction(engine) as session:
        _remember(session, until)
    return {"events": new, "more": int(until < now)}


def poll_accounts(engine: Engine, client: StripeClient, now: datetime) -> int:
    """Look at accounts that nobody told of for long, and at their payouts; how many."""
    with transaction(engine) as session:
        accounts = accounts_to_see(session, now, MOST)
    for account in accounts:
        try:
            _see_account(engine, client, account, now)
        except Refused as refused:
            log.warning("account not shown", account=account, why=refused.detail)
            with transaction(engine) as session:
                looked_at(session, account, now)
    return len(accounts)


def poll_top_ups(engine: Engine, client: StripeClient, now: datetime) -> int:
    """Look at sessions that are open for a while; how many of them there are."""
    seen = after = 0
    while True:
        with transaction(engine) as session:
            waiting = top_ups_to_see(session, now, MOST, after)
            expire_old(session, now)
        for _, id in waiting:
            _see_top_up(engine, client, id, now)
        after = waiting[-1][0] if waiting else after
        seen += len(waiting)
        if len(waiting) < MOST:
            return seen


def _see_account(engine: Engine, client: StripeClient, account: str, now: datetime) -> None:
    shown = fetch_account(client, account)
    rows = [] if shown.get("deleted") else fetch_newest(client, account)
    with transaction(engine) as session:
        see_account(session, shown, now)
        for row in rows:
            see_bank_payout(session, account, row, now)


def _see_top_up(engine: Engine, client: StripeClient, id: str, now: datetime) -> None:
    """One that Stripe does not show (another key's, say), or that was paid otherwise, does not hold up the next."""
    try:
        shown = fetch_checkout(client, id)
        with transaction(engine) as session:
            see_checkout(session, shown, now)
    except Refused as refused:
        log.warning("top-up not taken", session=id, why=refused.code)


def _end(until: datetime, now: datetime) -> dict[str, int]:
    """The last window is open, for Stripe's clock may be ahead of ours."""
    return {"lte": int(until.timestamp())} if until < now else {}


def _remember(session: Session, until: datetime) -> None:
    seen = insert(provider_poll).values(provider=PROVIDER, polled_to=until)
    later = {"polled_to": seen.excluded.polled_to}
    session.execute(
        seen.on_conflict_do_update(
            index_elements=["provider"], set_=later, where=provider_poll.c.polled_to < seen.excluded.polled_to
        )
    )
