"""The explaining reader: each term with its value, as a tree for programs and as sentences for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from formula.limits import EXACT
from formula.to_decimal import Value, apply
from formula.tree import Group, If, Name, Node
from formula.write import write


@dataclass(frozen=True)
class Step:
    """One term. The children of an `if` are its condition and the branch that it took."""

    node: Node
    value: Value
    children: tuple["Step", ...]

    def as_json(self) -> dict[str, Any]:
        children = [child.as_json() for child in self.children]
        return {"text": write(self.node), "value": plain(self.value), "children": children}


@dataclass(frozen=True)
class Explanation:
    """The value of a formula and how it came about. `sentences` go from the inside out."""

    value: Value
    term: dict[str, Any]
    sentences: list[str]

    def as_json(self) -> dict[str, Any]:
        return {"value": plain(self.value), "term": self.term, "sentences": self.sentences}


def walk(node: Node, values: Mapping[str, Decimal | str]) -> Step:
    """Evaluates with the steps of the Decimal reader and keeps each. To be called inside `EXACT`."""
    if isinstance(node, Group):
        return walk(node.inner, values)
    if isinstance(node, Name):
        return Step(node, values[node.name], ())
    if isinstance(node, If):
        condition = walk(node.args[0], values)
        taken = walk(node.args[1 if condition.value else 2], values)
        return Step(node, taken.value, (condition, taken))
    children = tuple(walk(child, values) for child in node.children)
    return Step(node, apply(node, [child.value for child in children]), children)


def steps(step: Step) -> Iterator[Step]:
    """The step after all those that it stands on."""
    for child in step.children:
        yield from steps(child)
    yield step


def plain(value: Value) -> str:
    """Text for a program: `1250.5`, `true`, or the text itself."""
    return _text(value, "f")


def pretty(value: Value) -> str:
    """Text for a person: `1,250.5`, `true`, `"RU"`."""
    return f'"{value}"' if isinstance(value, str) else _text(value, ",f")


def _text(value: Value, form: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    with localcontext(EXACT):
        return format(value.normalize() + 0, form)
