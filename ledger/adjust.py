"""Propose an entry by hand; it is posted at once unless it is so large that another person has to agree."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid, Refused
from core.money import Money
from core.settings import Settings
from ledger.adjustments import Adjustment
from ledger.decide import post_or_wait
from ledger.post import Leg
from ledger.read import find_entry
from ledger.tables import adjustment


def adjust(
    session: Session,
    legs: Sequence[Leg],
    reason: str,
    person: str,
    now: datetime,
    settings: Settings,
    *,
    effective_on: date | None = None,
    corrects: str | None = None,
) -> Adjustment:
    """Book what no other operation books: a fee of the bank, a write-off, an opening, the other side of a mistake.

    Only the ledger learns of it. What has a way of its own belongs there, for its domain keeps sums beside the books:
    a sale taken back is a refund event, a payout that came back is settled as returned, money for a fund is a deposit.

    Raises:
        Invalid: `unbalanced_entry`, `repeated_account`, `zero_amount`, `amount_too_large` (also of a balance, when it
            is posted), `future_day`.
        NotFound: `not_found`, no such entry to correct.
        Refused: `unknown_account`, outside the chart, or of somebody who has no such account yet; `insufficient_funds`.
    """
    amount = _debits(legs)
    today = now.astimezone(settings.zone).date()
    if effective_on is not None and effective_on > today:
        raise Invalid("future_day", f"An entry's day is today ({today}) or before.", pointer="/effective_on")
    corrected = find_entry(session, corrects).id if corrects is not None else None
    _require_accounts(session, legs, amount.currency)

    key = session.scalars(
        insert(adjustment)
        .values(
            currency=amount.currency,
            postings=[[leg.account, leg.money.micros] for leg in legs],
            amount=amount.micros,
            effective_on=effective_on or today,
            corrects=corrected,
            reversal=False,
            reason=reason,
            state="proposed",
            proposed_by=person,
            proposed_at=now,
        )
        .returning(adjustment.c.id)
    ).one()
    return post_or_wait(session, key, settings)


def _debits(legs: Sequence[Leg]) -> Money:
    """The sum of the debits of legs that make an entry."""
    currency = legs[0].money.currency if legs else ""
    if any(leg.money.currency != currency for leg in legs):
        raise Invalid("unbalanced_entry", "An entry is in one currency.", pointer="/postings")
    times = Counter(leg.account for leg in legs)
    for n, leg in enumerate(legs):
        if times[leg.account] > 1:
            told = f"{leg.account} stands more than once: add its amounts up."
            raise Invalid("repeated_account", told, pointer=f"/postings/{n}/account")
        if leg.money.micros == 0:
            raise Invalid("zero_amount", "A posting moves something.", pointer=f"/postings/{n}/amount")
    left = sum(leg.money.micros for leg in legs)
    if len(legs) < 2 or left:
        raise Invalid(
            "unbalanced_entry",
            "An entry's debits (above zero) and credits (below zero) must add up to zero.",
            pointer="/postings",
        )
    return Money(sum(leg.money.micros for leg in legs if leg.money.micros > 0), currency)


def _require_accounts(session: Session, legs: Sequence[Leg], currency: str) -> None:
    """A mistyped creator or fund in a code would open an account that belongs to nobody."""
    asked = {"codes": [leg.account for leg in legs], "currency": currency}
    unknown = session.scalar(sql("ledger", "unknown_account"), asked)
    if unknown is not None:
        raise Refused(
            "unknown_account",
            f"There is no account {unknown!r} in {currency}. By hand only those of bank, suspense, tax, income,"
            " expenses and equity are opened; GET /v1/ledger/accounts shows what there is.",
            account=unknown,
        )
