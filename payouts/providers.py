"""What each provider can send: which currencies, in what steps, and from which amount on."""

from core.errors import Invalid
from core.money import MICROS, Money, minor_micros
from payouts.store import PROVIDERS

# Stripe serves neither Russia nor its banks, so rubles go by bank file.
_NOT_BY_STRIPE = frozenset({"RUB"})
# Stripe sends these in whole units: it knows no decimals of theirs, or pays out hundreds of its smallest unit alone.
_WHOLE_UNITS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
        "HUF",
        "ISK",
        "TWD",
        "UGX",
    ]
)
# The least that Stripe pays out to a bank, in units, where it is more than the smallest payout (it raises them).
_LEAST_BY_STRIPE = {"ALL": 3000, "AMD": 12100, "AOA": 23000, "ARS": 4600, "AZN": 50, "GHS": 300}


def check_provider(provider: str, currency: str) -> None:
    """Raises:
    Invalid: `unknown_currency`, `unknown_provider`, `unsupported_currency`, the provider does not send it.
    """
    minor_micros(currency)
    if provider not in PROVIDERS:
        raise Invalid(
            "unknown_provider", f"A provider is one of {', '.join(PROVIDERS)}.", pointer="/provider"
        )
    if provider == "stripe" and currency in _NOT_BY_STRIPE:
        raise Invalid(
            "unsupported_currency",
            f"Stripe does not pay out {currency}: choose bank or manual.",
            pointer="/provider",
        )


def step_of(provider: str, currency: str) -> int:
    """Micros that what is sent must be a multiple of; what is left over stays in the creator's balance.

    Stripe sends no thousandths: of three decimals the last must be 0.
    """
    if provider == "stripe" and currency in _WHOLE_UNITS:
        return MICROS
    minor = minor_micros(currency)
    return max(minor, MICROS // 100) if provider == "stripe" else minor


def least_of(provider: str, currency: str) -> Money:
    """The smallest payout that the provider sends."""
    if provider == "stripe" and currency in _LEAST_BY_STRIPE:
        return Money(_LEAST_BY_STRIPE[currency] * MICROS, currency)
    return Money(step_of(provider, currency), currency)
