"""The limits of the language, and the exact arithmetic that they make possible.

Why nothing is ever rounded: let a value have e digits before the point and s after it. A name has e + s <= 32 and a
literal e + s <= 24; no operation gives more than the sum of its parts' e + s and 12 for each part (a quotient has 12
decimals and is at most 10^(e of x + s of y)). With 100 nodes no value is longer than 100 * (32 + 12) = 4,400 digits:
less than the 5,000 of the context below and far less than PostgreSQL's numeric holds (131,072 digits before the
point, 16,383 after). The context traps `Inexact`, so a hole in this proof would be an error and not a wrong kopeck.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, FloatOperation, Inexact, InvalidOperation

MAX_CHARACTERS = 500
MAX_NODES = 100
MAX_DEPTH = 20
LITERAL_WHOLE = 12
LITERAL_DECIMALS = 10  # a percent sign adds two
VALUE_WHOLE = 20
VALUE_DECIMALS = 12
QUOTIENT_DECIMALS = 12
ROUND_DIGITS = range(-6, 13)

_PRECISION = 5_000
EXACT = Context(
    prec=_PRECISION,
    Emin=-10_000,
    Emax=10_000,
    traps=[Inexact, InvalidOperation, DivisionByZero, FloatOperation],
)
_ROUNDING = Context(prec=_PRECISION, Emin=-10_000, Emax=10_000, traps=[InvalidOperation])


def divide(x: Decimal, y: Decimal) -> Decimal:
    """`x / y` cut toward zero to 12 decimals; 0 when y is 0. To be called inside `EXACT`."""
    return (x.scaleb(QUOTIENT_DECIMALS) // y).scaleb(-QUOTIENT_DECIMALS) if y else Decimal(0)


def round_half_away(x: Decimal, digits: int) -> Decimal:
    """Half away from zero, as PostgreSQL's `round`; a negative `digits` rounds before the point."""
    return x.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _ROUNDING)
