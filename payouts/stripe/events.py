"""The inbox of Stripe's events: each is written down once, whether a webhook or a poll brought it, and handled by a job.

An event only says that something changed; what stands there is asked of Stripe when it is handled. So their order and
their age do not matter, and neither does what they hold.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from stripe import api_version as OUR_VERSION

from core.errors import Invalid, NotFound
from core.settings import Settings
from payouts.send_tables import provider_event

PROVIDER = "stripe"
# What each type is about; other types are kept and ignored.
KINDS = {
    "transfer.created": "transfer",
    "transfer.updated": "transfer",
    "transfer.reversed": "transfer",
    "account.updated": "account",
    "account.application.deauthorized": "account",
    "capability.updated": "account",
    "payout.created": "payout",
    "payout.updated": "payout",
    "payout.paid": "payout",
    "payout.failed": "payout",
    "payout.canceled": "payout",
    "payout.reconciliation_completed": "payout",
    "checkout.session.completed": "checkout",
    "checkout.session.async_payment_succeeded": "checkout",
    "checkout.session.async_payment_failed": "checkout",
    "checkout.session.expired": "checkout",
}
_HEAD = ("id", "object", "type", "created", "livemode", "account", "api_version")
_e = provider_event.c
_NUL = re.compile(rb"\\u0000")


class Event(msgspec.Struct):
    """What we read of an event."""

    id: Annotated[str, msgspec.Meta(pattern=r"^evt_[A-Za-z0-9_]{1,200}\Z")]
    object: Literal["event"]
    type: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.]{1,100}\Z")]
    created: Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800)]
    livemode: bool
    data: dict[str, Any]
    account: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """An event of the inbox; `state`: new, done, ignored or failed, and `note` why."""

    id: str
    type: str
    account: str | None
    occurred_at: datetime
    received_at: datetime
    state: str
    note: str | None
    tries: int


def parse_event(payload: bytes) -> tuple[Event, dict[str, Any]]:
    """An event and all that came with it.

    Raises:
        Invalid: `bad_event`, it is no event of Stripe's.
    """
    try:
        whole = msgspec.json.decode(payload)
        if _NUL.search(payload.replace(b"\\\\", b"")):
            raise ValueError("NUL is no text")
        return read_event(whole), whole
    except (ValueError, RecursionError, UnicodeError):
        raise Invalid("bad_event", "The body is not an event of Stripe's.") from None


def read_event(whole: object) -> Event:
    """Raises:
    msgspec.ValidationError: it is none.
    """
    return msgspec.convert(whole, Event)


def receive(session: Session, event: Event, whole: dict[str, Any], settings: Settings, now: datetime) -> bool:
    """Write an event down, unless it is there. True: it is new and waits to be handled."""
    why = _of_no_interest(event, settings)
    row = {
        "provider": PROVIDER,
        "event": event.id,
        "type": event.type,
        "account": event.account,
        "payload": _kept(whole),
        "occurred_at": datetime.fromtimestamp(event.created, UTC),
        "received_at": now,
        "state": "ignored" if why else "new",
        "note": why,
        "next_at": now,
    }
    made = insert(provider_event).values(row).on_conflict_do_nothing(index_elements=["provider", "event"])
    return session.execute(made.returning(_e.id)).first() is not None and why is None


def _kept(whole: dict[str, Any]) -> dict[str, Any]:
    """An event without what its object holds, people's data among it: the object is asked for when it is handled."""
    shown = whole["data"].get("object")
    parts = shown if isinstance(shown, dict) else {}
    named = {name: parts[name] for name in ("id", "object") if isinstance(parts.get(name), str)}
    return {name: whole[name] for name in _HEAD if name in whole} | {"data": {"object": named}}


def list_events(session: Session, *, state: str | None, limit: int, after: int | None) -> list[Any]:
    """Rows of events with `Received` fields and their keys, newest first."""
    query = select(provider_event).order_by(_e.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_e.state == state)
    if after is not None:
        query = query.where(_e.id < after)
    return [(row.id, _received(row)) for row in session.execute(query)]


def get_event(session: Session, id: str) -> Received:
    """An event by the provider's id of it.

    Raises:
        NotFound: `not_found`.
    """
    query = select(provider_event).where(_e.provider == PROVIDER, _e.event == id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("not_found", "No such event.")
    return _received(row)


def _received(row: Any) -> Received:
    return Received(
        row.event, row.type, row.account, row.occurred_at, row.received_at, row.state, row.note, row.tries
    )


def _of_no_interest(event: Event, settings: Settings) -> str | None:
    """Why an event will have no effect, as far as it says itself."""
    key = settings.stripe_api_key
    if key and ("_live_" in key) != event.livemode:
        return "livemode is not our key's"
    if event.api_version and event.api_version[:10] > OUR_VERSION[:10]:
        return f"api_version {event.api_version[:40]} is newer than ours"
    kind = KINDS.get(event.type)
    if kind is None:
        return "not of interest"
    if (event.account is None) != (kind in ("transfer", "checkout")):
        return "of another account"
    shown = event.data.get("object")
    if kind != "account" and not (isinstance(shown, dict) and isinstance(shown.get("id"), str)):
        return "names no object"
    return None
