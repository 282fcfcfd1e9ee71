"""Types and names: what the grammar alone cannot refuse."""

from collections.abc import Mapping
from functools import singledispatch

from core.errors import Invalid
from formula.build import refuse
from formula.complain import unknown
from formula.names import NAMES, Type
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

_LOGIC = frozenset({"and", "or", "not"})


def check(tree: Node, grain: str) -> Type:
    """The type of a formula at a grain.

    Raises:
        Invalid: `formula_name` for a name that the grain does not have, `formula_type`, `formula_grain`.
    """
    if grain not in NAMES:
        raise Invalid(
            "formula_grain", f"There is no grain {grain!r}; there are {', '.join(NAMES)}.", grain=grain
        )
    _check_names(tree, grain, NAMES[grain])
    return type_of(tree, NAMES[grain])


def names_used(tree: Node) -> frozenset[str]:
    """The names whose values the readers need; `conversion` needs `orders` and `clicks`."""
    if isinstance(tree, Name):
        return frozenset({tree.name})
    return frozenset().union(*(names_used(child) for child in tree.children))


def _check_names(node: Node, grain: str, names: Mapping[str, Type]) -> None:
    name = node.name if isinstance(node, Name) else node.ratio if isinstance(node, Chain) else None
    if name is not None and name not in names:
        raise unknown("name", name, names, node.line, node.column, f" at grain {grain}")
    for child in node.children:
        _check_names(child, grain, names)


def _want(node: Node, wanted: Type, what: str, names: Mapping[str, Type]) -> None:
    found = type_of(node, names)
    if found is not wanted:
        why = f"{what} needs a {wanted}, but this is a {found}."
        raise refuse("formula_type", node, why, expected=str(wanted), found=str(found))


@singledispatch
def type_of(node: Node, names: Mapping[str, Type]) -> Type:
    """The type of one part.

    Raises:
        Invalid: `formula_type`.
    """
    raise TypeError(type(node).__name__)


@type_of.register
def _(node: Number, names: Mapping[str, Type]) -> Type:
    return Type.NUMBER


@type_of.register
def _(node: Text, names: Mapping[str, Type]) -> Type:
    return Type.TEXT


@type_of.register
def _(node: Name, names: Mapping[str, Type]) -> Type:
    return names[node.name]


@type_of.register
def _(node: Group, names: Mapping[str, Type]) -> Type:
    return type_of(node.inner, names)


@type_of.register(Unary)
@type_of.register(Chain)
def _(node: Unary | Chain, names: Mapping[str, Type]) -> Type:
    wanted = Type.BOOLEAN if node.operator in _LOGIC else Type.NUMBER
    for child in node.children:
        _want(child, wanted, f'"{node.operator}"', names)
    return wanted


@type_of.register
def _(node: Compare, names: Mapping[str, Type]) -> Type:
    left = type_of(node.args[0], names)
    if left is Type.BOOLEAN:
        raise refuse("formula_type", node, f'"{node.operator}" does not compare booleans; use and, or, not.')
    if left is Type.TEXT and node.operator not in ("=", "!="):
        raise refuse("formula_type", node, f'texts have no order for "{node.operator}"; use = or !=.')
    _want(node.args[1], left, f'"{node.operator}" after a {left}', names)
    return Type.BOOLEAN


@type_of.register
def _(node: Member, names: Mapping[str, Type]) -> Type:
    kind = type_of(node.inner, names)
    if kind is Type.BOOLEAN:
        raise refuse("formula_type", node, '"in" looks for a number or a text, but this is a boolean.')
    for item in node.items:
        _want(item, kind, f'"in" after a {kind}', names)
    return Type.BOOLEAN


@type_of.register
def _(node: If, names: Mapping[str, Type]) -> Type:
    condition, first, second = node.args
    _want(condition, Type.BOOLEAN, "the condition of if", names)
    kind = type_of(first, names)
    _want(second, kind, f"if with a {kind} first", names)
    return kind


@type_of.register(Call)
@type_of.register(Round)
@type_of.register(Bands)
def _(node: Call | Round | Bands, names: Mapping[str, Type]) -> Type:
    word = "round" if isinstance(node, Round) else node.function
    for child in node.children:
        _want(child, Type.NUMBER, word, names)
    return Type.NUMBER
