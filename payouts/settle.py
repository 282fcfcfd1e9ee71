"""Settle payouts: what the bank or the provider did with them, and the entries that say so.

Every way in which that comes to be known (a person, a statement, a webhook, a look-up) ends here, under the run's lock.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.errors import Invalid, Refused
from core.money import Money
from ledger import accounts
from ledger.post import Leg, credit, debit, post
from payouts.store import Payout, change_payout, day_of, end_run, find_payout, payout_of

Outcome = Literal["paid", "failed", "returned"]
_FROM: dict[str, tuple[str, ...]] = {
    "paid": ("sent", "sending", "unknown"),
    "failed": ("sent", "sending", "unknown"),
    "returned": ("paid",),
}
_BY_HAND = {"paid": "sent", "failed": "sent", "returned": "paid"}


def settle(
    session: Session, payout_id: str, outcome: Outcome, reference: str, person: str, now: datetime
) -> Payout:
    """Record what a person saw, with the bank's reference. The same once more answers the payout unchanged.

    Raises:
        NotFound: `not_found`.
        Invalid: `bad_outcome`, `bad_reference` (1 to 140 characters that can be printed).
        Refused: `payout_not_sent`, `payout_not_paid`: the outcome does not follow from the payout's state;
            `provider_settles`, the provider itself says what became of its payouts.
    Two who settle at once meet at the run's lock.
    """
    if outcome not in _FROM:
        raise Invalid("bad_outcome", f"One of {', '.join(_FROM)}.", pointer="/outcome")
    if not 1 <= len(reference) <= 140 or not reference.isprintable():
        raise Invalid("bad_reference", "1 to 140 characters that can be printed.", pointer="/reference")
    row = find_payout(session, payout_id, lock=True)
    if row.provider == "stripe":
        raise Refused("provider_settles", "Stripe says what became of its payouts; ask for a reversal.")
    if (row.state, row.reference) == (outcome, reference):
        return payout_of(row)
    needed = _BY_HAND[outcome]
    if row.state != needed:
        raise Refused(f"payout_not_{needed}", f"The payout is {row.state}.", state=row.state)
    return settle_row(session, row, outcome, reference, person, now)


def settle_row(
    session: Session, row: Row[Any], outcome: Outcome, reference: str, by: str, now: datetime
) -> Payout:
    """Settle a payout of `find_payout(lock=True)`; `by` is the person or the provider that said so.

    Raises:
        Refused: `payout_not_settleable`, the outcome does not follow from its state.
    """
    if row.state not in _FROM[outcome]:
        raise Refused("payout_not_settleable", f"The payout is {row.state}.", state=row.state)
    back = row.amount - row.reversed if outcome == "returned" else row.amount
    post(
        session,
        key=f"payout:{row.id}:{outcome}",
        kind=f"payout.{outcome}",
        effective_on=day_of(session, now),
        note=f"{payout_of(row).id} {reference}",
        legs=_legs(row, outcome, Money(back, row.currency)),
    )
    changed = {"state": outcome, "reference": reference, "settled_at": now, "settled_by": by}
    settled = change_payout(session, row, **changed)
    end_run(session, row.run_id)
    return settled


def reverse_row(session: Session, row: Row[Any], reversed_: Money, reference: str, now: datetime) -> Payout:
    """Credit the creator with what the provider took back; `reversed_` is the sum of all reversals that it confirmed.

    What is credited already is left out, so that a repeat or an older report moves nothing. When all of the payout is
    reversed it is `returned`, and the tax withheld from it is given back with the last part.
    """
    more = reversed_.micros - row.reversed
    if row.state not in ("paid", "returned") or more <= 0:
        return payout_of(row)
    whole = reversed_.micros == row.amount
    money, tax = Money(more, row.currency), Money(row.tax if whole else 0, row.currency)
    legs = [debit(accounts.bank(row.provider, row.currency), money), *tax_back(row, tax)]
    post(
        session,
        key=f"payout:{row.id}:reversed:{reversed_.micros}",
        kind="payout.reversed",
        effective_on=day_of(session, now),
        note=f"{payout_of(row).id} {reference}",
        legs=[*legs, credit(accounts.creator(row.creator, "available"), money + tax)],
    )
    state = {"state": "returned", "settled_at": now} if whole else {}
    return change_payout(session, row, reversed=reversed_.micros, **state)


def _legs(row: Row[Any], outcome: str, money: Money) -> list[Leg]:
    bank = accounts.bank(row.provider, row.currency)
    if outcome == "paid":
        return [debit(accounts.creator(row.creator, "in_transit"), money), credit(bank, money)]
    source = accounts.creator(row.creator, "in_transit") if outcome == "failed" else bank
    tax = Money(row.tax, row.currency)
    back = credit(accounts.creator(row.creator, "available"), money + tax)
    return [debit(source, money), *tax_back(row, tax), back]


def tax_back(row: Row[Any], tax: Money) -> list[Leg]:
    """The leg that gives a payout's tax back, if there was any."""
    return [debit(accounts.tax(row.tax_kind), tax)] if tax.micros else []
