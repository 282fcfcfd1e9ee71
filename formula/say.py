"""The sentences of an explanation, such as `0.002 × views (1,250) = 2.5`."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from functools import singledispatch

from formula.explain import Explanation, Step, pretty, steps, walk
from formula.limits import EXACT
from formula.to_decimal import portions
from formula.tree import Bands, Call, Chain, Compare, If, Member, Name, Node, Round, Unary

_SIGNS = {"*": "×", "/": "÷"}


def explain(tree: Node, values: Mapping[str, Decimal | str]) -> Explanation:
    """The value of a checked tree, its terms and its sentences; always the value that `to_decimal` gives."""
    with localcontext(EXACT):
        top = walk(tree, values)
        sentences = [say(step.node, step) for step in steps(top) if step.children]
        return Explanation(top.value, top.as_json(), sentences or [f"{_shown(top)} = {pretty(top.value)}"])


def _shown(step: Step) -> str:
    """A term inside a sentence: a name with its value, anything larger by the value just computed."""
    return f"{step.node.name} ({pretty(step.value)})" if isinstance(step.node, Name) else pretty(step.value)


def _list(parts: tuple[Step, ...]) -> str:
    return ", ".join(_shown(part) for part in parts)


@singledispatch
def say(node: Node, step: Step) -> str:
    """The sentence of one step."""
    raise TypeError(type(node).__name__)


@say.register
def _(node: Unary, step: Step) -> str:
    inner = _shown(step.children[0])
    return (
        f"not {inner} is {pretty(step.value)}"
        if node.operator == "not"
        else f"-({inner}) = {pretty(step.value)}"
    )


@say.register
def _(node: Chain, step: Step) -> str:
    terms = f" {_SIGNS.get(node.operator, node.operator)} ".join(_shown(part) for part in step.children)
    verb = "is" if node.operator in ("and", "or") else "="
    ratio = f"{node.ratio}: " if node.ratio else ""
    nothing = node.operator == "/" and any(part.value == 0 for part in step.children[1:])
    return f"{ratio}{terms} {verb} {pretty(step.value)}{' (a division by 0 gives 0)' if nothing else ''}"


@say.register
def _(node: Compare, step: Step) -> str:
    left, right = step.children
    return f"{_shown(left)} {node.operator} {_shown(right)} is {pretty(step.value)}"


@say.register
def _(node: Member, step: Step) -> str:
    found = "not in" if node.negated else "in"
    return f"{_shown(step.children[0])} {found} ({_list(step.children[1:])}) is {pretty(step.value)}"


@say.register
def _(node: If, step: Step) -> str:
    condition, taken = step.children
    which = "first" if condition.value else "second"
    return f"if: the condition is {pretty(condition.value)}, so the {which} value counts: {_shown(taken)}"


@say.register
def _(node: Call, step: Step) -> str:
    return f"{node.function}({_list(step.children)}) = {pretty(step.value)}"


@say.register
def _(node: Round, step: Step) -> str:
    return f"round({_shown(step.children[0])}, {node.digits}) = {pretty(step.value)}"


@say.register
def _(node: Bands, step: Step) -> str:
    x = step.children[0]
    assert isinstance(x.value, Decimal)
    rates = step.children[1 + len(node.bounds) :]
    shares = zip(portions(node, x.value), rates, strict=True)
    terms = [f"{pretty(share)} × {pretty(rate.value)}" for share, rate in shares if share]
    return f"{node.function}({_shown(x)}): {' + '.join(terms) or 'nothing'} = {pretty(step.value)}"
