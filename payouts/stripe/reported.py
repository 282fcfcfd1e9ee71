"""A transfer that an event, or a poll, told of, as Stripe shows it now: what has been taken back is credited.

Whether a payout was executed at all is decided by its look-up, which sees all transfers of it; an event only hastens that.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session
from stripe import StripeClient

from core.errors import Invalid, NotFound
from core.ids import public_id
from core.money import Money
from payouts.findings import note_finding
from payouts.send_tables import payout_attempt, reversal
from payouts.settle import reverse_row
from payouts.store import find_payout
from payouts.stripe.asking import ask
from payouts.stripe.plain import id_of
from payouts.stripe.units import from_units


def fetch_transfer(client: StripeClient, id: str) -> dict[str, Any]:
    """A transfer as it is now.

    Raises:
        Refused, Conflict, Unavailable: as `ask`.
    """
    return ask(lambda: client.v1.transfers.retrieve(id))


def see_transfer(session: Session, shown: Mapping[str, Any], now: datetime) -> bool:
    """Credit what was taken back of a payout, once. True: the transfer is of a payout of ours.

    A transfer that should not be (of a payout that was never sent, a second one, one of another amount) is a finding.
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
        _hasten(session, row, now)
    elif (wrong := _wrong(row, shown, amount)) is not None:
        if taken_back != amount:  # nothing of one that was taken back whole is missing
            note_finding(session, wrong, _name(row), amount, f"{id_of(shown)} is {amount}", now)
    elif taken_back.micros > row.reversed:
        _note_unasked(session, row, taken_back, now)
        reverse_row(session, row, taken_back, id_of(shown), now)
    return True


def _wrong(row: Row[Any], shown: Mapping[str, Any], amount: Money) -> str | None:
    if row.state not in ("paid", "returned"):
        return "paid_there_not_here"
    if row.reference != id_of(shown):
        return "twice_there"
    return None if amount == Money(row.amount, row.currency) else "differs"


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
        note_finding(session, "reversed_unasked", _name(row), Money(0, row.currency), detail, now)


def _name(row: Row[Any]) -> str:
    return public_id("po", row.id, row.created_at)
