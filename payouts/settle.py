"""Settle a sent payout by hand: the bank paid it, refused it, or sent it back."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.errors import Invalid, Refused
from core.money import Money
from ledger import accounts
from ledger.post import credit, debit, post
from payouts.store import Payout, change_payout, day_of, end_run, find_payout, payout_of

Outcome = Literal["paid", "failed", "returned"]

# From which state an outcome leads, and between which accounts its money moves (debit, credit).
_FROM: dict[str, str] = {"paid": "sent", "failed": "sent", "returned": "paid"}
_LEGS: dict[str, tuple[str, str]] = {
    "paid": ("in_transit", "bank"),
    "failed": ("in_transit", "available"),
    "returned": ("bank", "available"),
}


def settle(
    session: Session, payout_id: str, outcome: Outcome, reference: str, person: str, now: datetime
) -> Payout:
    """Record what became of a payout, with the bank's reference. The same once more answers the payout unchanged.

    Raises:
        NotFound: `not_found`.
        Invalid: `bad_outcome`, `bad_reference` (1 to 140 characters that can be printed).
        Refused: `payout_not_sent`, `payout_not_paid`: the outcome does not follow from the payout's state.
    Two who settle at once meet at the run's lock.
    """
    if outcome not in _FROM:
        raise Invalid("bad_outcome", f"One of {', '.join(_FROM)}.", pointer="/outcome")
    if not 1 <= len(reference) <= 140 or not reference.isprintable():
        raise Invalid("bad_reference", "1 to 140 characters that can be printed.", pointer="/reference")
    row = find_payout(session, payout_id, lock=True)
    if (row.state, row.reference) == (outcome, reference):
        return payout_of(row)
    needed = _FROM[outcome]
    if row.state != needed:
        raise Refused(f"payout_not_{needed}", f"The payout is {row.state}.", state=row.state)

    money = Money(row.amount, row.currency)
    to, by = (_account(row, name) for name in _LEGS[outcome])
    post(
        session,
        key=f"payout:{row.id}:{outcome}",
        kind=f"payout.{outcome}",
        effective_on=day_of(session, now),
        note=f"{payout_id} {reference}",
        legs=[debit(to, money), credit(by, money)],
    )
    settled = change_payout(
        session, row, state=outcome, reference=reference, settled_at=now, settled_by=person
    )
    end_run(session, row.run_id)
    return settled


def _account(row: Row[Any], name: str) -> str:
    if name == "bank":
        return accounts.bank("manual", row.currency)
    return accounts.creator(row.creator, "available" if name == "available" else "in_transit")
