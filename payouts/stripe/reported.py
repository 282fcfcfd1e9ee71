"""A transfer that an event, or a poll, told of, as Stripe shows it now: what has been taken back is credited.

Whether a payout was executed at all is decided by its look-up, which sees all transfers of it; an event only hastens that.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.errors import Conflict, Invalid, NotFound
from core.ids import key_of, public_id
from core.money import Money
from payouts.bank_tables import difference
from payouts.note_difference import Found, Kind, end_differences, note_difference
from payouts.send_tables import payout_attempt, reversal
from payouts.settle import reverse_row
from payouts.store import find_payout
from payouts.stripe.asking import ask
from payouts.stripe.plain import id_of
from payouts.stripe.units import from_units
from payouts.tables import payout

_UNCREDITED: Kind = "reversed_there_not_here"


def fetch_transfer(client: StripeClient, id: str) -> dict[str, Any]:
    """A transfer as it is now.

    Raises:
        Refused, Conflict, Unavailable: as `ask`.
    """
    return ask(lambda: client.v1.transfers.retrieve(id))


def see_transfer(session: Session, shown: Mapping[str, Any], now: datetime) -> bool:
    """Credit what was taken back of a payout, once. True: the transfer is of a payout of ours.

    A transfer that should not be (of a payout that was never sent, a second one, one of another amount) is a difference.

    Raises:
        Conflict: `payout_in_hand`, a part was taken back of what a worker is about to record; look again later.
    """
    try:
        row = find_payout(session, str(shown.get("transfer_group")), lock=True)
        amount = from_units(shown["amount"], str(shown["currency"]).upper())
        taken_back = from_units(shown["amount_reversed"], amount.currency)
    except (NotFound, Invalid):
        return False
    if row.provider != "stripe":
        return False
    if row.state in ("sending", "unknown"):
        if taken_back.micros and _in_hand(session, row):
            raise Conflict(
                "payout_in_hand", "A worker has the payout, and may have seen it before the reversal."
            )
        _hasten(session, row, now)
    elif (wrong := _wrong(row, shown, amount)) is not None:
        if taken_back != amount:  # nothing of one that was taken back whole is missing
            detail = f"{id_of(shown)} is {amount}"
            found = Found(wrong, _name(row), _off(wrong, row, amount, taken_back), detail)
            note_difference(session, found, now)
    elif taken_back.micros > row.reversed:
        _note_unasked(session, row, taken_back, now)
        reverse_row(session, row, taken_back, id_of(shown), now)
        end_differences(session, (_UNCREDITED,), _name(row), now)
    return True


def uncredited(session: Session, limit: int = 100) -> list[str]:
    """Transfers of which more was taken back than was credited, as the last reconciliation found: of some no event will
    tell any more, such as one that came while nobody knew whether the payout was sent.
    """
    d = difference.c
    open_ = (
        select(d.subject).where(d.kind == _UNCREDITED, d.resolved_at.is_(None)).order_by(d.id).limit(limit)
    )
    keys = [key_of("po", subject) for subject in session.scalars(open_)]
    return list(session.scalars(select(payout.c.reference).where(payout.c.id.in_(keys))))


def _wrong(row: Row[Any], shown: Mapping[str, Any], amount: Money) -> Kind | None:
    if row.state not in ("paid", "returned"):
        return "paid_there_not_here"
    if row.reference != id_of(shown):
        return "twice_there"
    return None if amount == Money(row.amount, row.currency) else "differs"


def _off(kind: Kind, row: Row[Any], amount: Money, taken_back: Money) -> Money:
    """By how much, as the reconciliation counts it."""
    meant = Money(row.amount, row.currency)
    if kind != "differs":
        return amount - taken_back
    return amount - meant if amount.currency == meant.currency else meant


def _in_hand(session: Session, row: Row[Any]) -> bool:
    """Has a worker the payout, with an answer that may be older than this view?"""
    a = payout_attempt.c
    return bool(session.scalar(select(exists().where(a.payout_id == row.id, a.state == "claimed"))))


def _hasten(session: Session, row: Row[Any], now: datetime) -> None:
    """Look the payout up at once. A worker that has it will say itself what it was told."""
    mine = (payout_attempt.c.payout_id == row.id, payout_attempt.c.state == "unknown")
    later = payout_attempt.c.next_at > now
    session.execute(update(payout_attempt).where(*mine, later).values(next_at=now))


def _note_unasked(session: Session, row: Row[Any], taken_back: Money, now: datetime) -> None:
    """Somebody reversed at Stripe itself. The creator has the money back all the same; finance should know."""
    r = reversal.c
    ours = select(func.coalesce(func.sum(r.amount), 0)).where(r.payout_id == row.id, r.state != "refused")
    if (session.scalar(ours) or 0) < taken_back.micros:
        detail = f"{taken_back} of it are reversed at Stripe, which was not asked for here"
        found = Found("reversed_unasked", _name(row), Money(0, row.currency), detail)
        note_difference(session, found, now)


def _name(row: Row[Any]) -> str:
    return public_id("po", row.id, row.created_at)
