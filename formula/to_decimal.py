"""The Decimal reader: for the preview, and the oracle that SQL is held against."""

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from functools import reduce, singledispatch
from typing import Any

from formula.limits import EXACT, divide, round_half_away
from formula.tree import (
    Bands,
    Call,
    Chain,
    Compare,
    Group,
    If,
    Member,
    Name,
    Node,
    Number,
    Round,
    Text,
    Unary,
)

Value = Decimal | str | bool

_FOLDS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "and": operator.and_,
    "or": operator.or_,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALLS: dict[str, Callable[..., Decimal]] = {
    "min": lambda *args: min(args),
    "max": lambda *args: max(args),
    "floor": lambda x: x.to_integral_value(ROUND_FLOOR),
    "ceil": lambda x: x.to_integral_value(ROUND_CEILING),
    "abs": abs,
}


def to_decimal(tree: Node, values: Mapping[str, Decimal | str]) -> Value:
    """The value of a checked tree, exact."""
    with localcontext(EXACT):
        return _evaluate(tree, values)


def _evaluate(node: Node, values: Mapping[str, Decimal | str]) -> Value:
    if isinstance(node, Name):
        return values[node.name]
    return apply(node, [_evaluate(child, values) for child in node.children])


# The parts arrive evaluated and type-checked, which a static type cannot say: hence Any.
@singledispatch
def apply(node: Node, parts: Sequence[Any]) -> Value:
    """One step: the value of a node from those of its children. To be called inside `EXACT`."""
    raise TypeError(type(node).__name__)


@apply.register(Number)
@apply.register(Text)
def _(node: Number | Text, parts: Sequence[Any]) -> Value:
    return node.value


@apply.register
def _(node: Group, parts: Sequence[Any]) -> Value:
    return parts[0]  # type: ignore[no-any-return]


@apply.register
def _(node: Unary, parts: Sequence[Any]) -> Value:
    return not parts[0] if node.operator == "not" else -parts[0]


@apply.register
def _(node: Chain, parts: Sequence[Any]) -> Value:
    return reduce(_FOLDS[node.operator], parts)  # type: ignore[no-any-return]


@apply.register
def _(node: Compare, parts: Sequence[Any]) -> Value:
    return _COMPARISONS[node.operator](*parts)


@apply.register
def _(node: Member, parts: Sequence[Any]) -> Value:
    return (parts[0] in parts[1:]) is not node.negated


@apply.register
def _(node: If, parts: Sequence[Any]) -> Value:
    return parts[1] if parts[0] else parts[2]  # type: ignore[no-any-return]


@apply.register
def _(node: Call, parts: Sequence[Any]) -> Value:
    return _CALLS[node.function](*parts)


@apply.register
def _(node: Round, parts: Sequence[Any]) -> Value:
    return round_half_away(parts[0], node.digits)


@apply.register
def _(node: Bands, parts: Sequence[Any]) -> Value:
    rates = parts[1 + len(node.bounds) :]
    return sum((part * rate for part, rate in zip(portions(node, parts[0]), rates, strict=True)), Decimal(0))


def portions(node: Bands, x: Decimal) -> list[Decimal]:
    """How much of x falls under each rate: cut into bands, or (volume) all in the band that it reaches."""
    x = max(x, Decimal(0))
    bounds = [bound.value for bound in node.bounds]
    if node.function == "volume":
        reached = sum(bound < x for bound in bounds)
        return [x if band == reached else Decimal(0) for band in range(len(bounds) + 1)]
    lower, upper = [Decimal(0), *bounds], [*bounds, x]
    return [max(min(x, high) - low, Decimal(0)) for low, high in zip(lower, upper, strict=True)]
