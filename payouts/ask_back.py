"""Ask a paid payout back from the provider, all of what is left of it or a part."""

from datetime import datetime

from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from core.errors import Invalid, Refused
from core.money import Money
from payouts.attempts import Reversal, reversal_of
from payouts.send_tables import reversal
from payouts.store import find_payout
from payouts.stripe.units import to_units


def ask_back(
    session: Session, payout_id: str, amount: Money | None, reason: str, person: str, now: datetime
) -> Reversal:
    """A reversal that a job carries out; the creator is credited when the provider confirms it.

    Raises:
        NotFound: `not_found`.
        Invalid: `other_currency`, `not_positive`, `not_minor_units`, `not_sendable` (Stripe has no such part).
        Refused: `not_reversible` (not by Stripe), `payout_not_paid`, `more_than_rest`, `reversal_in_progress`.
    """
    row = find_payout(session, payout_id, lock=True)
    if row.provider != "stripe":
        raise Refused("not_reversible", "Only payouts by Stripe can be asked back; settle it as returned.")
    if row.state != "paid":
        raise Refused("payout_not_paid", f"The payout is {row.state}.", state=row.state)
    rest = Money(row.amount - row.reversed, row.currency)
    wanted = rest if amount is None else amount
    if wanted.currency != row.currency:
        raise Invalid("other_currency", f"The payout is in {row.currency}.", pointer="/amount")
    wanted.require_positive().require_minor()
    to_units(wanted)
    if rest < wanted:
        raise Refused("more_than_rest", f"Only {rest} of the payout is left.", rest=rest.amount)
    of_it = reversal.c.payout_id == row.id
    if session.scalar(select(exists().where(of_it, reversal.c.state.in_(("asked", "unknown"))))):
        raise Refused("reversal_in_progress", "A reversal of this payout is under way; wait for it.")

    number = 1 + (session.scalar(select(func.count()).select_from(reversal).where(of_it)) or 0)
    made = insert(reversal).values(
        payout_id=row.id,
        amount=wanted.micros,
        reason=reason,
        asked_by=person,
        key=f"reversal-{payout_id}-{number}",
        next_at=now,
        created_at=now,
    )
    return reversal_of(session.execute(made.returning(reversal)).one(), row.currency, number)
