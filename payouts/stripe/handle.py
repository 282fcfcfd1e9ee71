"""Handle what stands in the inbox: ask Stripe for the object of each event, and write down what it shows.

Several events of one object are one question. A failure concerns its object alone and is tried again, ever later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, Row, select, update
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.database import transaction
from core.errors import Conflict, Refused, Unavailable
from payouts.note_difference import NO_AMOUNT, Found, note_difference
from payouts.send_tables import provider_event
from payouts.stripe.accounts import fetch_account, see_account
from payouts.stripe.bank_payouts import fetch_bank_payout, see_bank_payout
from payouts.stripe.events import KINDS
from payouts.stripe.reported import fetch_transfer, see_transfer
from payouts.stripe.top_up import fetch_checkout, see_checkout

MOST_TRIES = 50  # about two days
_PASSING = timedelta(seconds=30)
_e = provider_event.c
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that an event is about; `account` is empty when it is our own."""

    kind: str
    id: str
    account: str


Fetch = Callable[[StripeClient, Subject], dict[str, Any]]
See = Callable[[Session, Subject, dict[str, Any], datetime], bool]

_FETCH: dict[str, Fetch] = {
    "transfer": lambda client, subject: fetch_transfer(client, subject.id),
    "account": lambda client, subject: fetch_account(client, subject.account),
    "payout": lambda client, subject: fetch_bank_payout(client, subject.account, subject.id),
    "checkout": lambda client, subject: fetch_checkout(client, subject.id),
}
_SEE: dict[str, See] = {
    "transfer": lambda session, subject, shown, now: see_transfer(session, shown, now),
    "account": lambda session, subject, shown, now: see_account(session, shown, now),
    "payout": lambda session, subject, shown, now: see_bank_payout(session, subject.account, shown, now),
    "checkout": lambda session, subject, shown, now: see_checkout(session, shown, now),
}


def handle_new(
    engine: Engine, client: StripeClient, clock: Callable[[], datetime], limit: int = 100
) -> dict[str, int]:
    """Handle up to `limit` events, oldest first; how many came to which state. `waiting`: Stripe does not answer, so the
    rest was left alone.
    """
    with transaction(engine) as session:
        due = select(provider_event).where(_e.state == "new", _e.next_at <= clock())
        rows = session.execute(due.order_by(_e.id).limit(limit)).all()
    groups: dict[Subject, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(_subject(row), []).append(row)
    counts: dict[str, int] = {}
    for subject, about in groups.items():
        state = _handle(engine, client, subject, about, clock())
        counts[state] = counts.get(state, 0) + len(about)
        if state == "waiting":
            break
    return counts


def _handle(
    engine: Engine, client: StripeClient, subject: Subject, rows: list[Row[Any]], now: datetime
) -> str:
    """One object. What is fetched is newer than every one of these events."""
    try:
        shown = _FETCH[subject.kind](client, subject)
        with transaction(engine) as session:
            ours = _SEE[subject.kind](session, subject, shown, now)
            return _end(session, rows, "done" if ours else "ignored", None if ours else "nothing of ours")
    except Refused as refused:
        with transaction(engine) as session:
            if refused.fields.get("stripe_code") == "resource_missing":
                return _end(session, rows, "ignored", "Stripe does not know it")
            return _fail(session, rows, refused.detail, now)
    except Conflict as busy:
        with transaction(engine) as session:
            return _later(session, rows, busy.detail, now)
    except Unavailable as unavailable:
        with transaction(engine) as session:
            return _wait(session, rows, unavailable.detail, now)
    except Exception as error:
        log.warning("event failed", kind=subject.kind, id=subject.id, exc_info=error)
        with transaction(engine) as session:
            return _later(session, rows, type(error).__name__, now)


def _subject(row: Row[Any]) -> Subject:
    kind, account = KINDS[row.type], row.account or ""
    return Subject(kind, account if kind == "account" else row.payload["data"]["object"]["id"], account)


def _end(session: Session, rows: list[Row[Any]], state: str, note: str | None) -> str:
    _change(session, rows, state=state, note=note)
    return state


def _fail(session: Session, rows: list[Row[Any]], why: str, now: datetime) -> str:
    """No repeat helps; a person must look. The amount is unknown, so sending goes on."""
    for row in rows:
        note_difference(session, Found("event_failed", row.event, NO_AMOUNT, f"{row.type}: {why}"), now)
    return _end(session, rows, "failed", why[:500])


def _wait(session: Session, rows: list[Row[Any]], why: str, now: datetime) -> str:
    """Nobody answers: no fault of the event's, however long it lasts."""
    _change(session, rows, note=why[:500], next_at=now + _PASSING)
    return "waiting"


def _later(session: Session, rows: list[Row[Any]], why: str, now: datetime) -> str:
    """Try again, ever later, and give up in the end."""
    tries = max(row.tries for row in rows) + 1
    if tries > MOST_TRIES:
        return _fail(session, rows, why, now)
    wait = timedelta(seconds=min(15 * 2 ** min(tries, 8), 3600))
    _change(session, rows, tries=tries, note=why[:500], next_at=now + wait)
    return "retried"


def _change(session: Session, rows: list[Row[Any]], **values: Any) -> None:
    mine = _e.id.in_([row.id for row in rows])
    session.execute(update(provider_event).where(mine, _e.state == "new").values(**values))
