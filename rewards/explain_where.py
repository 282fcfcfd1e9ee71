"""What of a `where` is not met, in words: `followers is 800, less than 10,000`."""

from collections.abc import Iterator
from decimal import localcontext
from typing import Any

from formula import Formula
from formula.explain import Step, pretty, walk
from formula.limits import EXACT
from formula.names import NAMES
from formula.tree import Chain, Compare, Group, If, Member, Name, Node, Number, Text, Unary
from formula.values import read_values
from formula.write import write

_FALSE = {
    "=": "not {}",
    "!=": "which it must not be",
    "<": "not less than {}",
    "<=": "more than {}",
    ">": "not more than {}",
    ">=": "less than {}",
}
_TRUE = {
    "=": "which it must not be", "!=": "not {}", "<": "less than {}", "<=": "at most {}", ">": "more than {}", ">=": "at least {}",
}  # fmt: skip


def unmet(formula: Formula, values: dict[str, Any]) -> list[str]:
    """The conditions that fail, one sentence each without its full stop. Empty when the formula holds."""
    read = read_values(formula.names, NAMES[formula.grain], values)
    with localcontext(EXACT):
        top = walk(formula.tree, read)
        return [] if top.value else [*dict.fromkeys(_failing(top, wanted=True))]


def say_unmet(where: Formula, values: dict[str, Any]) -> list[str]:
    """A rule's `where` and the conditions in it that fail, in sentences."""
    return [f"The rule counts only where `{where.text}`.", *(f"{each}." for each in unmet(where, values))]


def failing_ifs(formula: Formula, values: dict[str, Any]) -> list[str]:
    """The conditions of the formula's `if`s that fail on the way that it took."""
    read = read_values(formula.names, NAMES[formula.grain], values)
    with localcontext(EXACT):
        return [*dict.fromkeys(_ifs(walk(formula.tree, read)))]


def _ifs(step: Step) -> Iterator[str]:
    if isinstance(step.node, If) and not step.children[0].value:
        yield from _failing(step.children[0], wanted=True)
    for child in step.children:
        yield from _ifs(child)


def _failing(step: Step, wanted: bool) -> Iterator[str]:
    """Why a condition that is wanted true (false) is not; it is known to be the other."""
    node = step.node
    if isinstance(node, Chain):
        for child in step.children:
            if bool(child.value) is not wanted:
                yield from _failing(child, wanted)
    elif isinstance(node, Unary):
        yield from _failing(step.children[0], not wanted)
    elif isinstance(node, Compare):
        yield _compared(step, wanted)
    elif isinstance(node, Member):
        yield _among(step, wanted)
    else:
        yield f"`{write(node)}` is {pretty(step.value)}"


def _compared(step: Step, wanted: bool) -> str:
    node, (left, right) = step.node, step.children
    assert isinstance(node, Compare)
    words = _FALSE if wanted else _TRUE
    return f"{_said(left)}, {words[node.operator].format(_other(right))}"


def _among(step: Step, wanted: bool) -> str:
    node, one = step.node, step.children[0]
    assert isinstance(node, Member)
    items = ", ".join(pretty(each.value) for each in node.items)
    missing = node.negated is not wanted
    return f"{_said(one)}, {'not one' if missing else 'one'} of {items}"


def _said(step: Step) -> str:
    return f"{_named(step.node)} is {pretty(step.value)}"


def _other(step: Step) -> str:
    """A literal by itself, anything else with where its value comes from."""
    if isinstance(step.node, Number | Text):
        return pretty(step.value)
    return f"{_named(step.node)} ({pretty(step.value)})"


def _named(node: Node) -> str:
    node = node.inner if isinstance(node, Group) else node
    return node.name if isinstance(node, Name) else f"`{write(node)}`"
