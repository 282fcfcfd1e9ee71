"""Is a webhook from Stripe? Decided on the raw bytes, before anything in them is read.

Ours and not the library's: that one takes a time of signing in the future, and raises what it likes for odd bytes.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from core.errors import Forbidden
from core.settings import Settings

LATE_SECONDS = 300
EARLY_SECONDS = 60
_LONGEST = 4000
_TIME = re.compile(r"[0-9]{1,11}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def secrets_of(settings: Settings) -> list[str]:
    """The secrets that are accepted: several while one is replaced."""
    return [each.strip() for each in (settings.stripe_webhook_secret or "").split(",") if each.strip()]


def check_signature(payload: bytes, header: str | None, secrets: Sequence[str], now: datetime) -> None:
    """Nothing, when one of the secrets signed these bytes at a time near `now`.

    Raises:
        Forbidden: `webhooks_not_configured`, `bad_signature` (whatever is wrong with it).
    """
    if not secrets:
        raise Forbidden("webhooks_not_configured", "KOPECK_STRIPE_WEBHOOK_SECRET is not set.")
    refused = Forbidden(
        "bad_signature", "The Stripe-Signature does not fit the body, the secret or the time."
    )
    at, digests = _parts(header or "")
    if at is None or not -EARLY_SECONDS <= now.timestamp() - int(at) <= LATE_SECONDS:
        raise refused
    signed = at.encode() + b"." + payload
    ours = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    if not any([hmac.compare_digest(one, other) for one in ours for other in digests]):
        raise refused


def _parts(header: str) -> tuple[str | None, list[str]]:
    """The time and the digests of scheme v1; no time, if there is more than one or none."""
    if len(header) > _LONGEST:
        return None, []
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    digests = [value for name, _, value in pairs if name == "v1" and _DIGEST.fullmatch(value)]
    return times[0] if len(times) == 1 and _TIME.fullmatch(times[0]) else None, digests
