"""From the parser's rules to the tree, refusing as soon as a limit is passed.

The parser calls these methods while it reads, from the leaves up, so that no recursion follows the source's nesting.
"""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from lark import Token, Transformer, v_args

from core.errors import Invalid
from formula.limits import EXACT, LITERAL_DECIMALS, LITERAL_WHOLE, MAX_DEPTH, MAX_NODES, ROUND_DIGITS
from formula.names import RATIOS
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


def refuse(code: str, at: Any, why: str, **fields: Any) -> Invalid:
    """A refusal that says where; `at` is a node or a token."""
    return Invalid(code, f"Line {at.line}, column {at.column}: {why}", **place(at), **fields)


def place(at: Any) -> dict[str, Any]:
    return {"line": at.line, "column": at.column}


def within(node: Node) -> Node:
    """The node itself.

    Raises:
        Invalid: `formula_limit`.
    """
    if node.depth > MAX_DEPTH:
        raise refuse("formula_limit", node, f"parts are nested more than {MAX_DEPTH} deep.", limit=MAX_DEPTH)
    if node.size > MAX_NODES:
        raise refuse("formula_limit", node, f"the formula has more than {MAX_NODES} parts.", limit=MAX_NODES)
    return node


def literal(token: Token, sign: int = 1) -> Number:
    """An exact number; `3%` is 0.03.

    Raises:
        Invalid: `formula_limit` for too many digits, `formula_syntax` for a leading zero.
    """
    digits = token.removesuffix("%")
    whole, _, decimals = digits.partition(".")
    if len(whole) > LITERAL_WHOLE or len(decimals) > LITERAL_DECIMALS:
        why = f"a number has at most {LITERAL_WHOLE} digits before the point and {LITERAL_DECIMALS} after it."
        raise refuse("formula_limit", token, why)
    if len(whole) > 1 and whole.startswith("0"):
        raise refuse("formula_syntax", token, f"the number {token} begins with a zero too many.")
    value = EXACT.scaleb(Decimal(digits) * sign, -2 if token.endswith("%") else 0)
    return Number(value=value, **place(token))


@v_args(inline=True)
class Builder(Transformer[Token, Node]):
    """One method for each rule of the grammar."""

    def number(self, token: Token) -> Node:
        return literal(token)

    def negative(self, minus: Token, token: Token) -> Node:
        return Number(value=literal(token, -1).value, **place(minus))

    def text(self, token: Token) -> Node:
        return Text(value=token[1:-1], **place(token))

    def name(self, token: Token) -> Node:
        if token not in RATIOS:
            return Name(name=str(token), **place(token))
        parts = tuple(Name(name=part, **place(token)) for part in RATIOS[token])
        return Chain(operator="/", args=parts, ratio=str(token), **place(token))

    def group(self, inner: Node) -> Node:
        return within(Group(inner=inner, **place(inner)))

    def unary(self, operator: Token, inner: Node) -> Node:
        return within(Unary(operator=str(operator), inner=inner, **place(operator)))

    def chain(self, left: Node, operator: Token, right: Node) -> Node:
        joins = isinstance(left, Chain) and left.operator == operator and left.ratio is None
        args = (*left.children, right) if joins else (left, right)
        return within(Chain(operator=str(operator), args=args, **place(left)))

    def compare(self, left: Node, operator: Token, right: Node) -> Node:
        return within(Compare(operator=str(operator), args=(left, right), **place(left)))

    def items(self, *items: Number | Text) -> tuple[Number | Text, ...]:
        return items

    def member(self, inner: Node, _in: Token, items: tuple[Number | Text, ...]) -> Node:
        return within(Member(inner=inner, items=items, negated=False, **place(inner)))

    def not_member(self, inner: Node, _not: Token, _in: Token, items: tuple[Number | Text, ...]) -> Node:
        return within(Member(inner=inner, items=items, negated=True, **place(inner)))

    def choice(self, word: Token, *args: Node) -> Node:
        return within(If(args=args, **place(word)))

    def call(self, word: Token, *args: Node) -> Node:
        return within(Call(function=str(word), args=args, **place(word)))

    def rounded(self, word: Token, inner: Node) -> Node:
        return within(Round(inner=inner, digits=0, **place(word)))

    def rounded_to(self, word: Token, inner: Node, minus: Token | None, token: Token) -> Node:
        value = literal(token, -1 if minus else 1).value
        if value not in ROUND_DIGITS:
            why = f"round takes a whole number from {ROUND_DIGITS[0]} to {ROUND_DIGITS[-1]} as its digits."
            raise refuse("formula_type", token, why)
        return within(Round(inner=inner, digits=int(value), **place(word)))

    def band(self, bound: Token, rate: Node) -> tuple[Number, Node]:
        return literal(bound), rate

    def bands(self, word: Token, inner: Node, *rest: Any) -> Node:
        bounds = tuple(bound for bound, _ in rest[:-1])
        for lower, upper in pairwise(bounds):
            if upper.value <= lower.value:
                raise refuse("formula_type", upper, f"the bounds of {word} must rise from band to band.")
        rates = (*(rate for _, rate in rest[:-1]), rest[-1])
        return within(Bands(function=str(word), inner=inner, bounds=bounds, rates=rates, **place(word)))
