"""From text to tree. What is too long or too deep is refused before the parser sees it."""

from typing import cast

from lark import Lark, UnexpectedCharacters, UnexpectedInput

from core.errors import Invalid
from formula.build import Builder
from formula.complain import complain, position
from formula.limits import MAX_CHARACTERS, MAX_DEPTH
from formula.tree import Node

_PARSER = Lark.open(
    "grammar.lark",
    rel_to=__file__,
    parser="lalr",
    lexer="basic",
    transformer=Builder(),
    maybe_placeholders=True,
)


def parse(text: str) -> Node:
    """The tree of a formula; names and types are not looked at yet.

    Raises:
        Invalid: `formula_syntax`, `formula_limit`, and `formula_type` or `formula_name` where the grammar itself
            demands a literal or a function.
    """
    _measure(text)
    try:
        return cast(Node, _PARSER.parse(text))
    except UnexpectedCharacters as error:
        raise complain(error, text, _allowed(text[: error.pos_in_stream])) from None
    except UnexpectedInput as error:
        raise complain(error, text) from None


def _allowed(before: str) -> set[str]:
    """The terminals that could stand behind this text, which the parser has read already."""
    reading = _PARSER.parse_interactive(before)
    reading.exhaust_lexer()
    return cast(set[str], reading.accepts())  # type: ignore[no-untyped-call]


def _measure(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        why = f"A formula has at most {MAX_CHARACTERS} characters, this one has {len(text):,}."
        raise Invalid("formula_limit", why, line=1, column=1, limit=MAX_CHARACTERS)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line, column = position(text, error.start)
        why = f"Line {line}, column {column}: this is not a character."
        raise Invalid("formula_syntax", why, line=line, column=column) from None
    _measure_nesting(text)


def _measure_nesting(text: str) -> None:
    depth, quote = 0, ""
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        if depth > MAX_DEPTH:
            line, column = position(text, index)
            why = f"Line {line}, column {column}: parentheses are nested more than {MAX_DEPTH} deep."
            raise Invalid("formula_limit", why, line=line, column=column, limit=MAX_DEPTH)
