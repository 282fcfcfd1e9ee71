"""From tree back to text: parsing what this writes gives an equal tree."""

from functools import singledispatch

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


@singledispatch
def write(node: Node) -> str:
    """The formula's text in one plain form: single spaces, `0.03` for `3%`."""
    raise TypeError(type(node).__name__)


@write.register
def _(node: Number) -> str:
    return f"{node.value:f}"


@write.register
def _(node: Text) -> str:
    quote = "'" if '"' in node.value else '"'
    return f"{quote}{node.value}{quote}"


@write.register
def _(node: Name) -> str:
    return node.name


@write.register
def _(node: Group) -> str:
    return f"({write(node.inner)})"


@write.register
def _(node: Unary) -> str:
    return f"{node.operator}{' ' if node.operator == 'not' else ''}{write(node.inner)}"


@write.register
def _(node: Chain) -> str:
    return node.ratio or f" {node.operator} ".join(write(part) for part in node.args)


@write.register
def _(node: Compare) -> str:
    return f" {node.operator} ".join(write(part) for part in node.args)


@write.register
def _(node: Member) -> str:
    return f"{write(node.inner)} {'not in' if node.negated else 'in'} ({_list(node.items)})"


@write.register
def _(node: If) -> str:
    return f"if({_list(node.args)})"


@write.register
def _(node: Call) -> str:
    return f"{node.function}({_list(node.args)})"


@write.register
def _(node: Round) -> str:
    return f"round({write(node.inner)}, {node.digits})" if node.digits else f"round({write(node.inner)})"


@write.register
def _(node: Bands) -> str:
    bands = zip(node.bounds, node.rates[:-1], strict=True)
    parts = [
        write(node.inner),
        *(f"{write(bound)}: {write(rate)}" for bound, rate in bands),
        write(node.rates[-1]),
    ]
    return f"{node.function}({', '.join(parts)})"


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(write(node) for node in nodes)
