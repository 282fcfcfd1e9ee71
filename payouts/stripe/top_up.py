"""Sellers put money in through Stripe Checkout: a link, and the entry when it was paid, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session
from stripe import StripeClient

from catalog.sellers import find_seller
from core.errors import NotFound, Refused
from core.ids import key_of, public_id
from core.money import Money
from ledger import accounts
from ledger.post import credit, debit, post
from payouts.send_tables import top_up
from payouts.store import day_of
from payouts.stripe.asking import ask
from payouts.stripe.plain import id_of
from payouts.stripe.units import from_units, to_units

_t = top_up.c
_LOOK_AFTER = timedelta(minutes=5)
MOST_OPEN = 50  # of a seller: each open one is asked for at every poll
_ASYNC = timedelta(days=14)  # a bank debit may take so long to succeed or fail


@dataclass(frozen=True, slots=True)
class TopUp:
    """`url` is where the seller pays while it is `open`; then `paid` or `expired`."""

    id: str
    seller: str
    amount: Money
    state: str
    url: str | None
    created_at: datetime


def ask_checkout(
    client: StripeClient, seller: str, amount: Money, key: str, return_url: str
) -> dict[str, Any]:
    """A Checkout session for the amount. The same key gives the same session.

    Raises:
        Invalid: `unsupported_currency`, `not_sendable`.
        Refused, Conflict, Unavailable: as `ask`.
    """
    price = {
        "currency": amount.currency.lower(),
        "unit_amount": to_units(amount),
        "product_data": {"name": "Balance top-up"},
    }
    asked: Any = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": seller,
        "metadata": {"seller": seller},
        "payment_intent_data": {"metadata": {"seller": seller}},
        "success_url": return_url,
        "cancel_url": return_url,
    }
    return ask(lambda: client.v1.checkout.sessions.create(asked, {"idempotency_key": key}))


def require_room(session: Session, seller: str) -> None:
    """Raises:
    Refused: `too_many_open`, the seller has as many links as it may have at once.
    """
    waiting = select(func.count()).select_from(top_up).where(_t.seller == seller, _t.state == "open")
    if (session.scalar(waiting) or 0) >= MOST_OPEN:
        raise Refused(
            "too_many_open",
            f"{MOST_OPEN} top-ups of this seller are open: pay one, or wait until they expire.",
        )


def keep_top_up(
    session: Session,
    seller: str,
    amount: Money,
    key: str,
    checkout: Mapping[str, Any],
    person: str,
    now: datetime,
) -> TopUp:
    """Write down the session that Stripe made for the key."""
    values = {
        "seller": seller,
        "amount": amount.micros,
        "currency": amount.currency,
        "key": key,
        "session": id_of(checkout),
        "url": checkout["url"],
        "asked_by": person,
        "created_at": now,
    }
    return _shown(session.execute(insert(top_up).values(**values).returning(top_up)).one())


def fetch_checkout(client: StripeClient, id: str) -> dict[str, Any]:
    """A session as it is now.

    Raises:
        Refused, Conflict, Unavailable: as `ask`.
    """
    return ask(lambda: client.v1.checkout.sessions.retrieve(id))


def see_checkout(session: Session, shown: Mapping[str, Any], now: datetime) -> bool:
    """Post what was paid to the seller's balance, once; close what expired. True: the session is one of ours.

    Raises:
        Refused: `other_amount`, another amount was paid than was asked for; a person must look.
    """
    row = session.execute(select(top_up).where(_t.session == id_of(shown)).with_for_update()).one_or_none()
    if row is None:
        return False
    if row.state == "paid":
        return True
    if shown.get("status") == "complete" and shown.get("payment_status") == "paid":
        _pay(session, row, shown, now)
    elif shown.get("status") == "expired" and row.state == "open":
        session.execute(update(top_up).where(_t.id == row.id).values(state="expired"))
    return True


def top_ups_to_see(session: Session, now: datetime, limit: int, after: int) -> list[tuple[int, str]]:
    """Open ones that no event may have told of, after the key `after`."""
    young = _t.created_at > now - _ASYNC
    waited = _t.created_at < now - _LOOK_AFTER
    query = select(_t.id, _t.session).where(_t.state == "open", _t.session.is_not(None), young, waited)
    found = session.execute(query.where(_t.id > after).order_by(_t.id).limit(limit))
    return [(row.id, row.session) for row in found]


def expire_old(session: Session, now: datetime) -> None:
    """Close what was neither paid nor given up for long; should it be paid after all, it is posted all the same."""
    old = _t.created_at <= now - _ASYNC
    session.execute(update(top_up).where(_t.state == "open", old).values(state="expired"))


def get_top_up(session: Session, seller: str, id: str) -> TopUp:
    """One of a seller's.

    Raises:
        NotFound: `not_found`.
    """
    query = select(top_up).where(_t.id == key_of("tup", id), _t.seller == seller)
    row = session.execute(query).one_or_none()
    if row is None or public_id("tup", row.id, row.created_at) != id:
        raise NotFound("not_found", "No such top-up.")
    return _shown(row)


def list_top_ups(session: Session, seller: str, limit: int, after: int | None) -> list[tuple[int, TopUp]]:
    """A seller's with their keys, oldest first.

    Raises:
        NotFound: `not_found`, no such seller.
    """
    find_seller(session, seller)
    query = select(top_up).where(_t.seller == seller, _t.id > (after or 0))
    return [(row.id, _shown(row)) for row in session.execute(query.order_by(_t.id).limit(limit))]


def _pay(session: Session, row: Row[Any], shown: Mapping[str, Any], now: datetime) -> None:
    asked = Money(row.amount, row.currency)
    paid = from_units(shown["amount_total"], str(shown["currency"]).upper())
    if paid != asked:
        raise Refused("other_amount", f"{paid} were paid, {asked} were asked for.")
    posted = post(
        session,
        key=f"top_up:{row.id}",
        kind="seller.top_up",
        effective_on=day_of(session, now),
        note=f"{_shown(row).id} {row.session}",
        legs=[
            debit(accounts.bank("stripe", row.currency), asked),
            credit(accounts.seller_balance(row.seller), asked),
        ],
    )
    session.execute(update(top_up).where(_t.id == row.id).values(state="paid", entry_id=posted.id))


def _shown(row: Row[Any]) -> TopUp:
    return TopUp(
        public_id("tup", row.id, row.created_at),
        row.seller,
        Money(row.amount, row.currency),
        row.state,
        row.url if row.state == "open" else None,
        row.created_at,
    )
