"""The official library's client as the settings say; one a process, so that its calls share one rate."""

from functools import lru_cache

import stripe
from stripe import StripeClient

from core.errors import Unavailable
from core.settings import Settings
from payouts.stripe.http import READ_SECONDS, BoundedHttp, Turns

stripe.enable_telemetry = False


def stripe_client(settings: Settings, read_seconds: float = READ_SECONDS) -> StripeClient:
    """The client of this process. It never repeats a call by itself: every call is one that we know of.

    Raises:
        Unavailable: `stripe_not_configured`.
    """
    if not settings.stripe_api_key:
        raise Unavailable("stripe_not_configured", "KOPECK_STRIPE_API_KEY is not set.", retry_after=300)
    return _client(
        settings.stripe_api_key,
        settings.stripe_api_base.rstrip("/"),
        settings.stripe_rate,
        settings.payout_workers,
        read_seconds,
    )


@lru_cache(maxsize=8)
def _client(key: str, base: str, rate: int, workers: int, read_seconds: float) -> StripeClient:
    return StripeClient(
        key,
        base_addresses={"api": base, "connect": base, "files": base, "meter_events": base},
        max_network_retries=0,
        http_client=BoundedHttp(_turns(key, base, rate), workers + 4, read_seconds),
    )


@lru_cache(maxsize=8)
def _turns(key: str, base: str, rate: int) -> Turns:
    return Turns(rate)
