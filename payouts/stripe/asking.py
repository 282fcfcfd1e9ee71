"""Calls that a person waits for: what Stripe says to them, as refusals of ours."""

from collections.abc import Callable
from typing import Any

from core.errors import Conflict, KopeckError, Refused, Unavailable
from payouts.stripe.outcome import outcome_of
from payouts.stripe.plain import plain


def ask(call: Callable[[], object]) -> dict[str, Any]:
    """The answer of a call as a dictionary. No transaction is open meanwhile.

    Raises:
        Refused: `stripe_refused`, it says no.
        Conflict: `idempotency_key_in_use`, the same is being done already.
        Unavailable: `stripe_unavailable`, nobody knows whether it was done; the same once more is harmless.
    """
    try:
        answer = plain(call())
    except Exception as error:
        raise _refusal(error) from error
    if not answer:
        raise Unavailable("stripe_unavailable", "Stripe's answer cannot be read; try again.")
    return answer


def _refusal(error: Exception) -> KopeckError:
    said = outcome_of(error)
    if said.kind in ("rejected", "mismatch"):
        return Refused("stripe_refused", f"Stripe refuses: {said.detail or said.code}", stripe_code=said.code)
    if said.kind == "in_flight":
        return Conflict("idempotency_key_in_use", "The same is being asked of Stripe already; try again.")
    return Unavailable(
        "stripe_unavailable", "Stripe does not answer as it should; try again.", retry_after=10
    )
