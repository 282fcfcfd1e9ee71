"""Why a payout that was approved must not be sent after all."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import Invalid
from core.money import Money
from payouts.stripe.units import to_units
from payouts.tables import payee

_DELETED = "stripe_account_deleted: the Stripe account was deleted; connect another one"
_NOT_READY = "stripe_account_not_ready: the Stripe account cannot receive transfers; finish its onboarding"
_NO_BANK = "stripe_account_no_payouts: the Stripe account cannot pay out to a bank; finish its onboarding"


def obstacle_facts(
    session: Session, payouts: Sequence[int], creators: Collection[str]
) -> Mapping[int, Row[Any]]:
    """By payout, what `obstacle_of` looks at. The creators' payees are locked first, in their order: whoever changed or
    held one has committed before, or waits until these payouts are on their way."""
    locked = select(payee.c.creator).where(payee.c.creator.in_(creators)).order_by(payee.c.creator)
    session.execute(locked.with_for_update(read=True))
    rows = session.execute(sql("payouts", "attempt_obstacles"), {"payouts": list(payouts)})
    return {row.id: row for row in rows}


def obstacle_of(fact: Row[Any], account: str, money: Money) -> str | None:
    """The reason as it is shown to the creator: a code, and for the account's troubles a sentence after it.

    What is not known of the account is no obstacle: finance verified it, and the provider has the last word.
    """
    if fact.obstacle:
        return str(fact.obstacle)
    if fact.account == account and fact.deleted:
        return _DELETED
    if fact.account == account and fact.transfers != "active":
        return _NOT_READY
    if fact.account == account and not fact.payouts_enabled:
        return _NO_BANK
    try:
        to_units(money)
    except Invalid as error:
        return f"{error.code}: {error.detail}"
    return None
