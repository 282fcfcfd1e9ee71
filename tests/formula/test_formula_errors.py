"""Refusals: the code, the place, and a hint that a person can act on."""

import inspect
import sys
import time

import pytest

from core.errors import Invalid
from formula import compile_formula


def refusal(text: object, grain: str = "content_day") -> Invalid:
    with pytest.raises(Invalid) as caught:
        compile_formula(text, grain, want=None)
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        ("", "formula_syntax", (1, 1), "ends too early, expected a value"),
        ("1 +", "formula_syntax", (1, 4), "expected a value"),
        ("1 +\n  * 2", "formula_syntax", (2, 3), "found '*'"),
        ("(1", "formula_syntax", (1, 3), 'expected ")"'),
        ("if(views > 1, 2)", "formula_syntax", (1, 16), 'expected ","'),
        ("views == 1", "formula_syntax", (1, 8), 'write "="'),
        ("views <> 1", "formula_syntax", (1, 8), 'write "!="'),
        ("1 < 2 < 3", "formula_syntax", (1, 7), "expected an operator or the end"),
        ("views > 1 AND likes > 1", "formula_syntax", (1, 11), "perhaps 'and' was meant"),
        ("region = 'RU", "formula_syntax", (1, 10), "does not end"),
        ("region = 'R\\'U'", "formula_syntax", (1, 10), "backslash"),
        ("region = 'R\0U'", "formula_syntax", (1, 10), "control character"),
        ("region = '\ud800'", "formula_syntax", (1, 11), "not a character"),
        ("1\u00a0+ 1", "formula_syntax", (1, 2), "found"),
        ("007", "formula_syntax", (1, 1), "zero too many"),
        ("views in (likes)", "formula_syntax", (1, 11), "found 'likes'"),
        ("graduated(views, likes: 1, 2)", "formula_syntax", (1, 23), "found ':'"),
        ("graduated(views)", "formula_syntax", (1, 16), 'expected ","'),
        ("graduated(views, 10: 1)", "formula_syntax", (1, 23), 'expected ","'),
        ("round(views, likes)", "formula_syntax", (1, 14), "expected a number"),
        ("vews * 2", "formula_name", (1, 1), "Did you mean 'views'"),
        ("1 + Views", "formula_name", (1, 5), "Did you mean 'views'"),
        ("maximum(views, 1)", "formula_name", (1, 1), "Did you mean 'max'"),
        ("2 * sum (views)", "formula_name", (1, 5), "no function 'sum'"),
        ("zzzz", "formula_name", (1, 1), "Known here: views, "),
        ("1 + region", "formula_type", (1, 5), '"+" needs a number, but this is a text'),
        ("(views > 1) + 1", "formula_type", (1, 2), "needs a number, but this is a boolean"),
        ("views and 1 = 1", "formula_type", (1, 1), "needs a boolean"),
        ("not views", "formula_type", (1, 5), "needs a boolean"),
        ("region < 'a'", "formula_type", (1, 1), "no order"),
        ("region = 1", "formula_type", (1, 10), '"=" after a text needs a text'),
        ("(1 = 1) = (2 = 2)", "formula_type", (1, 2), "booleans"),
        ("views in (1, 'a')", "formula_type", (1, 14), '"in" after a number'),
        ("(1 = 1) in (1)", "formula_type", (1, 2), "boolean"),
        ("if(views, 1, 2)", "formula_type", (1, 4), "condition"),
        ("if(views > 1, 1, 'a')", "formula_type", (1, 18), "needs a number"),
        ("max(1, kind)", "formula_type", (1, 8), "max needs a number"),
        ("graduated(views, 9: kind, 1)", "formula_type", (1, 21), "graduated needs a number"),
        ("graduated(views, 9: 1, 9: 2, 3)", "formula_type", (1, 24), "must rise"),
        ("round(views, 13)", "formula_type", (1, 14), "-6 to 12"),
        ("round(views, -7)", "formula_type", (1, 15), "-6 to 12"),
        ("round(views, 0.5)", "formula_type", (1, 14), "whole number"),
        ("1 + 1234567890123", "formula_limit", (1, 5), "12 digits before"),
        ("views && likes", "formula_syntax", (1, 7), 'expected an operator or "in" or the end: write "and"'),
        ("views =< 1", "formula_syntax", (1, 8), 'expected a value: write "<="'),
        ("views × 2", "formula_syntax", (1, 7), 'write "*"'),
        ("1,5 * views", "formula_syntax", (1, 2), "decimal point"),
        ("10 000", "formula_syntax", (1, 4), "no digit groups"),
        (".5 * views", "formula_syntax", (1, 1), "expected a value: a number has digits on both sides"),
        ("5 % * views", "formula_syntax", (1, 3), "right behind a number"),
        ("views > 1 ? 1 : 0", "formula_syntax", (1, 11), '"if(condition, a, b)"'),
        ("region = “RU”", "formula_syntax", (1, 10), "straight quotes"),
        ("region = RU", "formula_name", (1, 10), "A text stands in quotes"),
        ("views(1)", "formula_name", (1, 1), "without parentheses"),
        ("min(views; 1)", "formula_syntax", (1, 10), 'divided by ","'),
        ("0.12345678901", "formula_limit", (1, 1), "10 after"),
    ],
)
def test_refusal(text: str, code: str, place: tuple[int, int], says: str) -> None:
    error = refusal(text)
    assert (error.code, (error.fields["line"], error.fields["column"])) == (code, place)
    assert says in error.detail and error.detail.startswith(f"Line {place[0]}, column {place[1]}: ")


def test_the_nearest_name_is_a_field() -> None:
    assert refusal("net_sale").fields["nearest"] == "net_sales"


def test_names_belong_to_their_grain() -> None:
    assert "at grain sale" in refusal("views", "sale").detail
    assert refusal("conversion", "sale").fields["name"] == "conversion"
    assert refusal("amount", "product_day").code == "formula_name"
    assert "It is a name at sale." in refusal("amount", "product_day").detail
    assert refusal("category", "creator_day").code == "formula_name"
    assert refusal("1", "week").code == "formula_grain"


@pytest.mark.parametrize("text", [None, 1, b"1", ["1"]])
def test_only_text_is_a_formula(text: object) -> None:
    assert refusal(text).code == "formula_syntax"


@pytest.mark.parametrize(
    "text",
    [
        "().__class__.__bases__[0].__subclasses__()",
        '"{0.__class__}".format(views)',
        "[].__reduce__()",
        'f"{views}"',
        "lambda: 1",
        "(lambda x: x)(1)",
        "(x := 1)",
        "[v for v in (1, 2)]",
        "__import__('os').system('id')",
        "views; DROP TABLE x",
        "views -- comment",
        "1 if 1 = 1 else 2",
        "views.real",
        "9**9**9",
        '"a"*10**9',
        "1e9",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "true",
        "٣",
        "1\uff0b1",
    ],
)
def test_tricks_are_refused(text: str) -> None:
    assert refusal(text).code in ("formula_syntax", "formula_name")


def nested(depth: int, opening: str, closing: str = ")") -> str:
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(
    "text",
    [
        nested(10_000, "("),
        nested(10_000, "", ")"),
        "1" * 1_000_000,
        "(" * 1_000_000,
        "9+" * 500_000 + "9",
        "'" + "a" * 1_000_000 + "'",
        nested(249, "("),
        nested(21, "("),
        nested(25, "if(1=1,", ",2)"),
        nested(25, "graduated(", ",1:2,3)"),
        nested(25, "volume(", ",1:2,3)"),
        nested(25, "max(1,"),
        nested(499, "-", ""),
        nested(166, "--+"[:1] + " -", ""),
        "not " * 120 + "1=1",
        "+".join(["1"] * 250),
        "1*1+" * 60 + "1",
        "max(" + ",".join(["1"] * 100) + ")",
        "views in (" + ",".join(["1"] * 100) + ")",
        "'" * 499,
    ],
)
def test_bombs_are_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    error = refusal(text)
    # A few milliseconds in truth; the bound leaves room for a busy machine.
    assert time.perf_counter() - started < 0.5
    assert error.code in ("formula_limit", "formula_syntax")
    assert len(error.detail) < 300


@pytest.mark.parametrize(
    "text",
    [
        nested(19, "("),
        nested(18, "if(1=1,", ",2)"),
        nested(19, "abs("),
        nested(19, "-", ""),
        nested(19, "graduated(", ",1:2,3)"),
        "+".join(["1"] * 99),
        "1" + " " * 499,
    ],
)
def test_the_limits_themselves_are_allowed(text: str) -> None:
    assert compile_formula(text, "content_day").sql_text()


def test_parentheses_in_a_text_are_not_nesting() -> None:
    assert compile_formula(f"region = '{'(' * 40}'", "content_day", want="boolean")


def test_sql_grows_with_the_formula_only() -> None:
    """Nesting what mentions its x several times (bands, divisors) must not double the statement at each level."""
    texts = [
        nested(9, "graduated(views*", ",1:2,3)"),
        nested(6, "1/(views+"),
        nested(19, "volume(", ",1:2,3)"),
    ]
    assert all(len(compile_formula(text, "content_day").sql_text()) < 6_000 for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "1-" * 97 + "1",
        "1/" * 98 + "1",
        "ctr/" * 24 + "ctr",
        "1=1 and " * 24 + "1=1",
        nested(19, "graduated(", ",1:2,3)"),
        nested(19, "graduated(1,1:2,"),
        nested(9, "1/(", "/2)"),
        nested(18, "round("),
    ],
)
def test_the_readers_leave_room_on_the_stack(text: str) -> None:
    """A chain must not nest in SQLAlchemy's compiler, or a formula fails only when called from deep inside."""
    formula = compile_formula(text, "content_day", want=None)
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 400)
    try:
        formula.sql_text()
        formula.explain({"views": 1, "clicks": 1})
    finally:
        sys.setrecursionlimit(usual)
