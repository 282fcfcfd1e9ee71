"""Says what is wrong with a formula's text: where, what was found, what could stand there."""

import difflib
import re
from collections.abc import Iterable

from lark import Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from core.errors import Invalid
from formula.hints import instead
from formula.names import NAMES

_SHOWN = 40  # characters of a long word that a message repeats
FUNCTIONS = ("if", "min", "max", "floor", "ceil", "round", "abs", "graduated", "volume")
_WORDS = (*FUNCTIONS, "and", "or", "not", "in")
_PHRASES = {
    "NUMBER": "a number",
    "STRING": "a text in quotes",
    "NAME": "a name",
    "PLUS": "an operator",
    "IN": '"in"',
    "_LPAR": '"("',
    "_RPAR": '")"',
    "_COMMA": '","',
    "_COLON": '":"',
    "$END": "the end",
}


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in the text."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, or None."""
    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)), None)


def complain(error: UnexpectedInput, text: str, allowed: set[str] | None = None) -> Invalid:
    """The refusal for whatever the parser stumbled over; `allowed`: the terminals before a sign that is none."""
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        index, found = int(error.token.start_pos or 0), str(error.token)[:_SHOWN]
    elif isinstance(error, UnexpectedCharacters) and error.pos_in_stream is not None:
        index, found = error.pos_in_stream, text[error.pos_in_stream]
    else:
        index, found = len(text), ""
    line, column = position(text, index)
    if found == "(" and (called := re.search(r"[A-Za-z_][A-Za-z0-9_]*(?=\s*\Z)", text[:index])):
        line, column = position(text, called.start())
        return unknown("function", called[0], FUNCTIONS, line, column)
    expected = _expected(error, allowed)
    why = f"found {found!r}" if found else "the formula ends too early"
    why += f", expected {' or '.join(expected)}" if expected else ""
    detail = f"Line {line}, column {column}: {why}{_hint(error, text, index)}."
    return Invalid("formula_syntax", detail, line=line, column=column, expected=expected)


def unknown(kind: str, word: str, known: Iterable[str], line: int, column: int, place: str = "") -> Invalid:
    """The refusal of a name or function that does not exist there, with the nearest that does."""
    meant = nearest(word, known)
    elsewhere = [grain for grain, names in NAMES.items() if word in names]
    if meant:
        advice = f"Did you mean {meant!r}?"
    elif elsewhere and kind == "name":
        advice = f"It is a name at {', '.join(elsewhere)}. Known here: {', '.join(known)}."
    elif elsewhere:
        advice = "It is a name, which stands without parentheses."
    else:
        quoted = " A text stands in quotes." if kind == "name" else ""
        advice = f"Known here: {', '.join(known)}.{quoted}"
    word = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}…"
    why = f"Line {line}, column {column}: there is no {kind} {word!r}{place}. {advice}"
    return Invalid("formula_name", why, line=line, column=column, name=word, nearest=meant)


def _expected(error: UnexpectedInput, allowed: set[str] | None) -> list[str]:
    if isinstance(error, UnexpectedToken):
        allowed = set(error.accepts or error.expected)
    if not allowed:
        return []
    if "NAME" in allowed:
        return ["a value"]
    phrases = [phrase for terminal, phrase in _PHRASES.items() if terminal in allowed]
    return phrases or sorted(f'"{terminal.lower()}"' for terminal in allowed)


def _hint(error: UnexpectedInput, text: str, index: int) -> str:
    if isinstance(error, UnexpectedCharacters) and text[index] in "\"'":
        return ": this text does not end, or holds a backslash or a control character"
    if meant := instead(text, index):
        return f": {meant}"
    token = error.token if isinstance(error, UnexpectedToken) else None
    word = nearest(token, _WORDS) if isinstance(token, Token) and token.type == "NAME" else None
    return f": perhaps {word!r} was meant" if word else ""
