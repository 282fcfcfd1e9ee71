"""Money in the units that Stripe counts in.

These are Stripe's own rules, not ISO 4217's: some currencies have no smaller unit there, some have three decimals, and all
others, those without a smaller unit in use among them (ISK, UGX), are sent times 100.
"""

from core.errors import Invalid
from core.money import MICROS, Money
from payouts.providers import check_provider, step_of

_WHOLE = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


def to_units(money: Money) -> int:
    """The amount as Stripe takes it.

    Raises:
        Invalid: `unsupported_currency`; `not_sendable`, it is no multiple of what can be sent.
    """
    check_provider("stripe", money.currency)
    if money.micros % step_of("stripe", money.currency):
        raise Invalid("not_sendable", f"Stripe cannot send {money}: it has too many decimals.")
    return money.micros // _unit(money.currency)


def from_units(units: int, currency: str) -> Money:
    """What Stripe's number stands for."""
    return Money(units * _unit(currency), currency)


def _unit(currency: str) -> int:
    if currency in _WHOLE:
        return MICROS
    return MICROS // (1000 if currency in _THREE_DECIMALS else 100)
