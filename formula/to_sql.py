"""The SQL reader: a PostgreSQL expression, evaluated for all rows of a statement at once.

Every part appears once in the expression, so its length follows the formula's: hence `nullif` for the divisor, and
the small inner SELECT where bands ask for their x several times.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce, singledispatch
from typing import Any

from sqlalchemy import ColumnElement, Numeric, String, and_, case, cast, func, literal_column, not_, or_

from formula.names import Type
from formula.sql_parts import Divide, Let
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

Sql = ColumnElement[Any]


def to_sql(tree: Node, columns: Mapping[str, Sql], types: Mapping[str, Type]) -> Sql:
    """The expression of a checked tree.

    Numbers may come as any exact numeric column and are read as NUMERIC; NULL is read as 0 or the empty text.
    """
    return _expression(tree, _Columns(columns, types))


def number(value: Decimal | int | str) -> Sql:
    """A NUMERIC constant. Inline, so that the planner sees it; its digits come from the grammar, never from a user."""
    return literal_column(f"NUMERIC '{Decimal(value):f}'", Numeric())


@dataclass(frozen=True)
class _Columns:
    """The names' columns."""

    columns: Mapping[str, Sql]
    types: Mapping[str, Type]

    def plain(self, name: str) -> Sql:
        """With NULL read as 0 or the empty text."""
        if self.types[name] is Type.TEXT:
            return func.coalesce(self.columns[name], literal_column("''", String()), type_=String())
        return func.coalesce(self.nullable(name), number(0), type_=Numeric())

    def nullable(self, name: str) -> Sql:
        """A number with its NULLs, for a division: it reads NULL on either side as 0 itself."""
        return cast(self.columns[name], Numeric())


# A whole chain is one level for SQLAlchemy, whose compiler recurses: hence one subtraction of a sum, one `Divide`.
_CHAINS: dict[str, Callable[[Sequence[Sql]], Sql]] = {
    "+": lambda parts: reduce(operator.add, parts),
    "-": lambda parts: parts[0] - reduce(operator.add, parts[1:]),
    "*": lambda parts: reduce(operator.mul, parts),
    "/": lambda parts: Divide(*parts),
    "and": lambda parts: and_(*parts),
    "or": lambda parts: or_(*parts),
}
_COMPARISONS: dict[str, Callable[[Sql, Sql], Sql]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FUNCTIONS = {"min": "least", "max": "greatest"}


def _expression(node: Node, columns: _Columns) -> Sql:
    if isinstance(node, Name):
        return columns.plain(node.name)
    divides = isinstance(node, Chain) and node.operator == "/"
    parts = [
        columns.nullable(child.name) if divides and isinstance(child, Name) else _expression(child, columns)
        for child in node.children
    ]
    return apply(node, parts)


@singledispatch
def apply(node: Node, parts: Sequence[Sql]) -> Sql:
    """One step: the expression of a node from those of its children."""
    raise TypeError(type(node).__name__)


@apply.register
def _(node: Number, parts: Sequence[Sql]) -> Sql:
    return number(node.value)


@apply.register
def _(node: Text, parts: Sequence[Sql]) -> Sql:
    return func.text(node.value, type_=String())


@apply.register
def _(node: Group, parts: Sequence[Sql]) -> Sql:
    return parts[0]


@apply.register
def _(node: Unary, parts: Sequence[Sql]) -> Sql:
    return not_(parts[0]) if node.operator == "not" else -parts[0]


@apply.register
def _(node: Chain, parts: Sequence[Sql]) -> Sql:
    return _CHAINS[node.operator](parts)


@apply.register
def _(node: Compare, parts: Sequence[Sql]) -> Sql:
    return _COMPARISONS[node.operator](_bytewise(parts[0]), parts[1])


@apply.register
def _(node: Member, parts: Sequence[Sql]) -> Sql:
    found = _bytewise(parts[0]).in_(list(parts[1:]))
    return not_(found) if node.negated else found


def _bytewise(part: Sql) -> Sql:
    return part.collate("C") if isinstance(part.type, String) else part


@apply.register
def _(node: If, parts: Sequence[Sql]) -> Sql:
    return case((parts[0], parts[1]), else_=parts[2])


@apply.register
def _(node: Call, parts: Sequence[Sql]) -> Sql:
    sql_function = getattr(func, _FUNCTIONS.get(node.function, node.function))
    return sql_function(*parts, type_=Numeric())  # type: ignore[no-any-return]


@apply.register
def _(node: Round, parts: Sequence[Sql]) -> Sql:
    return func.round(parts[0], literal_column(str(node.digits)), type_=Numeric())


@apply.register
def _(node: Bands, parts: Sequence[Sql]) -> Sql:
    bounds = [number(bound.value) for bound in node.bounds]
    rates = parts[1 + len(bounds) :]
    priced = _volume if node.function == "volume" else _graduated
    if not bounds or isinstance(node.inner, Name | Number):
        return priced(parts[0], bounds, rates)
    return Let(parts[0], priced(literal_column("kopeck_band.x", Numeric()), bounds, rates))


def _graduated(x: Sql, bounds: Sequence[Sql], rates: Sequence[Sql]) -> Sql:
    def largest(part: Sql) -> Sql:
        return func.greatest(part, number(0), type_=Numeric())

    lower = [number(0), *bounds]
    tops = [func.least(x, bound, type_=Numeric()) for bound in bounds]
    parts = [largest(top - low) * rate for top, low, rate in zip([*tops, x], lower, rates, strict=True)]
    return reduce(lambda left, right: left + right, parts)


def _volume(x: Sql, bounds: Sequence[Sql], rates: Sequence[Sql]) -> Sql:
    bands = [(x <= bound, rate) for bound, rate in zip(bounds, rates[:-1], strict=True)]
    return func.greatest(x, number(0), type_=Numeric()) * (
        case(*bands, else_=rates[-1]) if bands else rates[-1]
    )
