"""From a formula's result in units to a reward in micros: rounded, then clamped to 0 .. 10^12 units.

Clamping keeps one absurd formula from stopping a batch, and a negative one from charging a creator.
"""

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Numeric, cast, func, or_

from core.money import MICROS
from formula.limits import round_half_away
from formula.to_sql import number

_DECIMALS = 6
MOST_UNITS = 10**12


def to_micros(units: Decimal) -> tuple[int, bool]:
    """Micros of a result, rounded half away from zero, and whether they had to be clamped."""
    micros = int(round_half_away(units, _DECIMALS).scaleb(_DECIMALS))
    clamped = min(max(micros, 0), MOST_UNITS * MICROS)
    return clamped, clamped != micros


def micros_sql(units: ColumnElement[Any]) -> ColumnElement[int]:
    """`to_micros` as BIGINT, over a NUMERIC expression."""
    floor = func.greatest(_rounded(units), number(0), type_=Numeric())
    ceiling = number(MOST_UNITS)
    return cast(func.least(floor, ceiling, type_=Numeric()) * number(10**_DECIMALS), BigInteger)


def clamped_sql(units: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether `micros_sql` clamps. Give both a column of a subquery, or the formula is evaluated for each mention."""
    return or_(_rounded(units) < number(0), _rounded(units) > number(MOST_UNITS))


def units_sql(micros: ColumnElement[Any]) -> ColumnElement[Decimal]:
    """Exact units of a BIGINT of micros: what `amount`, `price` and the sales names must be given."""
    return cast(micros, Numeric()) * number("0.000001")


def _rounded(units: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.round(units, _DECIMALS, type_=Numeric())
