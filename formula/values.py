"""The values that a formula is given: exact, of the right type, and small enough for the proof in `limits`."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from core.errors import Invalid
from formula.limits import EXACT, VALUE_DECIMALS, VALUE_WHOLE
from formula.names import Type

_NUMBER = re.compile(rf"-?[0-9]{{1,{VALUE_WHOLE}}}(\.[0-9]{{1,{VALUE_DECIMALS}}})?", re.ASCII)


def read_values(
    needed: Iterable[str], types: Mapping[str, Type], values: Mapping[str, object]
) -> dict[str, Decimal | str]:
    """The needed values, checked. Others are ignored; None is read as SQL reads NULL here: 0, or the empty text.

    Raises:
        Invalid: `formula_value`.
    """
    return {name: _read(name, types[name], values) for name in needed}


def _read(name: str, kind: Type, values: Mapping[str, object]) -> Decimal | str:
    if name not in values:
        raise Invalid("formula_value", f"The formula needs a value for {name!r}.", name=name)
    value = values[name]
    if kind is Type.NUMBER:
        return _number(name, value)
    if value is not None and not isinstance(value, str):
        raise Invalid("formula_value", f"{name!r} is a text.", name=name)
    return value or ""


def _number(name: str, value: object) -> Decimal:
    if value is None:
        return Decimal(0)
    exact = type(value) is int or isinstance(value, Decimal)
    written = isinstance(value, str) and _NUMBER.fullmatch(value)
    number = Decimal(value) if exact or written else Decimal("NaN")  # type: ignore[arg-type]
    if not _fits(number):
        why = f"{name!r} is a decimal number, as text, with at most {VALUE_WHOLE} digits before the point"
        raise Invalid("formula_value", f"{why} and {VALUE_DECIMALS} after it.", name=name)
    return number.normalize(EXACT)


def _fits(number: Decimal) -> bool:
    """Looks at the ends only, so that 1E+999999 is never written out."""
    if not number.is_finite() or len(number.as_tuple().digits) > 100 or number.adjusted() >= VALUE_WHOLE:
        return False
    return number.is_zero() or int(number.normalize(EXACT).as_tuple().exponent) >= -VALUE_DECIMALS
