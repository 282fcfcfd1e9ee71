"""What an answer of Stripe's, or its absence, says of one call: the table by which money moves. Nothing here touches
a database or the network.

An error counts as definite only when Stripe itself says it in its own form. Whatever cannot be read, a proxy's page
included, leaves the call unknown: a payout that is taken for failed and was not is paid twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import stripe

from payouts.stripe.http import TooLate

Kind = Literal["confirmed", "rejected", "later", "in_flight", "unknown", "stopped", "mismatch"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call came to.

    `confirmed`: executed, `reference` is the provider's id, `reversed` what has been taken back of it in the
    provider's units. `rejected`: certainly not executed, and never under this key. `later`: certainly not executed,
    the same key may be used. `in_flight`: an earlier call under the key is at work. `unknown`: look it up.
    `stopped`: our key is not accepted, nothing can be sent at all. `mismatch`: what stands there is not what we
    meant; a person must look. `code` is stable, `detail` is the provider's sentence.
    """

    kind: Kind
    code: str = ""
    detail: str = ""
    reference: str = ""
    reversed: int = 0


def outcome_of(error: Exception) -> Outcome:
    """What an exception of the library says. One that we do not know says nothing: unknown."""
    if isinstance(error, TooLate):
        return Outcome("later", "not_called", "The turn came too late; nothing was sent.")
    if not isinstance(error, stripe.StripeError):
        return Outcome("unknown", type(error).__name__, str(error)[:300])
    said = _said(error)
    status, code = error.http_status, _text(said.get("code")) or _text(said.get("type"))
    detail = _text(said.get("message"))[:300]
    if status == 429:
        return Outcome("later", code or "rate_limited", detail)
    if status == 409:
        return Outcome("in_flight", code or "in_flight", detail)
    if not said or status is None or status >= 500:
        return Outcome("unknown", f"http_{status}" if status else "no_answer", detail or str(error)[:300])
    if said.get("type") == "idempotency_error":
        return Outcome("mismatch", "idempotency_error", detail)
    if status == 401 or (status == 403 and not said.get("code")):
        return Outcome("stopped", code or "key_refused", detail)
    if status in (400, 402, 403, 404):
        return Outcome("rejected", code or f"http_{status}", detail)
    return Outcome("unknown", f"http_{status}", detail)


def _said(error: stripe.StripeError) -> Mapping[str, Any]:
    """Stripe's own error object, or nothing when the body is not one."""
    body = error.json_body
    said = body.get("error") if isinstance(body, Mapping) else None
    return said if isinstance(said, Mapping) and _text(said.get("type")) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
