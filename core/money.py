"""Money: an exact number of micros (10^-6 of the major unit) in one ISO 4217 currency.

Micros are what the database stores (BIGINT), so a reward of a hundredth of a kopeck is exact. Text enters
through one strict ASCII pattern and nowhere else; floats enter nowhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

from babel.numbers import format_currency, get_currency_precision, list_currencies

from core.errors import Invalid

MICROS = 1_000_000
AMOUNT_PATTERN = r"^(?!-0(\.0*)?$)-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$"
_AMOUNT = re.compile(AMOUNT_PATTERN, re.ASCII)
MAX_MICROS = 2**63  # a BIGINT ends below; what comes in is bounded tighter, by the pattern
# CLDR tells how many digits are used in the shop, ISO 4217 how many the currency has. They differ for these.
_ISO_DIGITS = {"IQD": 3} | dict.fromkeys(
    ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SLL", "SOS", "SYP", "YER"), 2
)


@cache
def known_currencies() -> frozenset[str]:
    """Every ISO 4217 code that Babel's data (CLDR) knows."""
    return frozenset(list_currencies())


@cache
def minor_micros(currency: str) -> int:
    """Micros in one minor unit: 10,000 for RUB (a kopeck), 1,000,000 for JPY.

    Raises:
        Invalid: `unknown_currency`.
    """
    if currency not in known_currencies():
        raise Invalid("unknown_currency", f"{currency!r} is not an ISO 4217 currency code.")
    digits = _ISO_DIGITS.get(currency, get_currency_precision(currency))
    return int(10 ** (6 - min(digits, 6)))


def round_half_up(numerator: int, denominator: int) -> int:
    """The quotient of two integers rounded half away from zero, as PostgreSQL's `round` does it."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    numerator, denominator = abs(numerator), abs(denominator)
    return sign * ((2 * numerator + denominator) // (2 * denominator))


def parse_micros(text: object) -> int:
    """Micros of a decimal text.

    Raises:
        Invalid: `bad_amount`, for anything but text of the contract's amount pattern.
    """
    if not isinstance(text, str) or len(text) > 20 or not _AMOUNT.fullmatch(text):
        raise Invalid("bad_amount", 'An amount is a decimal text such as "1250.00", with at most 6 decimals.')
    return int(Decimal(text) * MICROS)


def format_micros(micros: int, currency: str) -> str:
    """Decimal text with at least the currency's minor digits and no zeros beyond them: 3.00, 0.0345."""
    if micros >= 0 and not micros % 10_000 and minor_micros(currency) == 10_000:
        return f"{micros // MICROS}.{micros // 10_000 % 100:02d}"  # the short way, for most amounts
    whole, rest = divmod(abs(micros), MICROS)
    decimals = f"{rest:06d}".rstrip("0").ljust(_minor_digits(currency), "0")
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


@cache
def _minor_digits(currency: str) -> int:
    return 7 - len(str(minor_micros(currency)))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in micros of one currency. Adding two currencies raises `TypeError`."""

    micros: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.micros) is not int:
            raise TypeError(f"micros must be an int, not {type(self.micros).__name__}")
        if abs(self.micros) >= MAX_MICROS:
            raise Invalid("amount_too_large", "The amount does not fit into 64 bits of micros.")
        minor_micros(self.currency)

    @classmethod
    def parse(cls, amount: object, currency: str) -> "Money":
        """Money from the contract's decimal text.

        Raises:
            Invalid: `bad_amount`, `unknown_currency`, `amount_too_large`.
        """
        return cls(parse_micros(amount), currency)

    def __str__(self) -> str:
        return f"{format_micros(self.micros, self.currency)} {self.currency}"

    @property
    def amount(self) -> str:
        return format_micros(self.micros, self.currency)

    def as_json(self) -> dict[str, str]:
        return {"amount": self.amount, "currency": self.currency}

    def display(self, locale: str = "ru_RU") -> str:
        """For people: grouped digits and the currency's sign."""
        value = Decimal(self.micros).scaleb(-6)
        exact = value.quantize(Decimal(minor_micros(self.currency)).scaleb(-6), ROUND_HALF_EVEN)
        return format_currency(
            value if value != exact else exact, self.currency, locale=locale, decimal_quantization=False
        )

    def require_minor(self) -> "Money":
        """Itself, when it is a whole number of minor units.

        Raises:
            Invalid: `not_minor_units` (half a kopeck cannot be deposited or priced).
        """
        if self.micros % minor_micros(self.currency):
            raise Invalid("not_minor_units", f"{self} is not a whole number of the currency's minor units.")
        return self

    def require_positive(self) -> "Money":
        """Itself, when it is above zero.

        Raises:
            Invalid: `not_positive`.
        """
        if self.micros <= 0:
            raise Invalid("not_positive", "The amount must be above zero.")
        return self

    def floor_minor(self) -> "Money":
        """The whole minor units in it, cut towards zero: what can leave as a payout."""
        unit = minor_micros(self.currency)
        return Money(
            self.micros // unit * unit if self.micros >= 0 else -(-self.micros // unit * unit), self.currency
        )

    def _same(self, other: "Money") -> int:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise TypeError(f"{self} and {other} have no common currency")
        return other.micros

    def __add__(self, other: "Money") -> "Money":
        return Money(self.micros + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.micros - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.micros, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.micros < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.micros <= self._same(other)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Parts of `total` in proportion to `weights`, by largest remainder; ties go to the earlier weight.

    The parts sum to `total` exactly; a negative total is split as its opposite. All weights zero: all parts zero.

    Raises:
        ValueError: a negative weight.
    """
    whole = sum(weights)
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    if whole == 0:
        return [0] * len(weights)
    if total < 0:
        return [-part for part in split(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    assert sum(parts) == total
    return parts


def money_or_none(value: Any, currency: str) -> Money | None:
    """Money from a nullable BIGINT column."""
    return None if value is None else Money(int(value), currency)
