"""The one syntax tree. Its three readers are `to_sql`, `to_decimal` and `explain`.

Two trees are equal when they mean the same; where they stood in the source does not matter.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Node:
    """A part of a formula; `line` and `column` count from 1 and point at its first word or literal."""

    line: int = field(compare=False, repr=False)
    column: int = field(compare=False, repr=False)

    @property
    def children(self) -> tuple["Node", ...]:
        return ()

    @cached_property
    def depth(self) -> int:
        return 1 + max((child.depth for child in self.children), default=0)

    @cached_property
    def size(self) -> int:
        return 1 + sum(child.size for child in self.children)


@dataclass(frozen=True, kw_only=True)
class Number(Node):
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class Text(Node):
    value: str


@dataclass(frozen=True, kw_only=True)
class Name(Node):
    name: str


@dataclass(frozen=True, kw_only=True)
class _Holder(Node):
    """A node around exactly one other."""

    inner: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.inner,)


@dataclass(frozen=True, kw_only=True)
class Group(_Holder):
    """Written parentheses: kept because they count towards the depth and end a chain."""


@dataclass(frozen=True, kw_only=True)
class Unary(_Holder):
    """`-` or `not`."""

    operator: str


@dataclass(frozen=True, kw_only=True)
class Round(_Holder):
    digits: int


@dataclass(frozen=True, kw_only=True)
class _Many(Node):
    """A node over a row of others."""

    args: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.args


@dataclass(frozen=True, kw_only=True)
class Chain(_Many):
    """One of `+ - * / and or` over two or more parts, from left to right.

    `ratio` is the name for which this division stands, if it was written as a name.
    """

    operator: str
    ratio: str | None = None


@dataclass(frozen=True, kw_only=True)
class Compare(_Many):
    """`= != < <= > >=` over two parts."""

    operator: str


@dataclass(frozen=True, kw_only=True)
class If(_Many):
    """Condition, the value when it holds, the value when it does not."""


@dataclass(frozen=True, kw_only=True)
class Call(_Many):
    """`min max floor ceil abs`."""

    function: str


@dataclass(frozen=True, kw_only=True)
class Member(_Holder):
    items: tuple[Number | Text, ...]
    negated: bool

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.inner, *self.items)


@dataclass(frozen=True, kw_only=True)
class Bands(_Holder):
    """`graduated` or `volume` of `inner`: one more rate than bounds."""

    function: str
    bounds: tuple[Number, ...]
    rates: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.inner, *self.bounds, *self.rates)
