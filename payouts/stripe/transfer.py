"""One payout at Stripe: one transfer to the creator's connected account."""

from stripe import StripeClient

from payouts.attempt import NOT_FOUND, Work
from payouts.stripe.http import begin_by
from payouts.stripe.lookup import look_up, outcome_of_transfer
from payouts.stripe.outcome import Outcome, outcome_of
from payouts.stripe.plain import plain
from payouts.stripe.units import to_units


def deliver(client: StripeClient, work: Work) -> Outcome:
    """Look the payout up if the attempt says so, and send it if nothing stands there and it may be sent.

    No transaction is open meanwhile. It does not raise: whatever happens to a call is an outcome, and an answer whose
    parts are not what they should be says nothing.
    """
    try:
        with begin_by(work.begin_by):
            return _deliver(client, work)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Outcome("unknown", "unreadable", f"Stripe's answer cannot be read ({type(error).__name__}).")


def _deliver(client: StripeClient, work: Work) -> Outcome:
    if work.look_first and (found := look_up(client, work)) is not None:
        return found
    if work.unsendable is not None:
        return Outcome("unknown", NOT_FOUND, f"Stripe has no transfer of this payout ({work.unsendable}).")
    return _send(client, work)


def _send(client: StripeClient, work: Work) -> Outcome:
    """The one call that moves money. The same attempt always says the same, as its key demands."""
    try:
        answer = client.v1.transfers.create(
            {
                "amount": to_units(work.money),
                "currency": work.money.currency.lower(),
                "destination": work.account,
                "transfer_group": work.payout,
                "metadata": {"payout_id": work.payout},
            },
            {"idempotency_key": work.key},
        )
    except Exception as error:
        return outcome_of(error)
    return outcome_of_transfer(plain(answer), work)
