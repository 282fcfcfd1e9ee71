"""What the language accepts, and what it computes."""

from decimal import Decimal
from typing import Any

import pytest

from core.errors import Invalid
from formula import NAMES, compile_formula
from formula.parse import parse
from formula.tree import Chain, Group

VALUES: dict[str, Any] = {
    "views": 1000,
    "clicks": 50,
    "orders": 4,
    "sales": "1234.56",
    "likes": -7,
    "units": 0,
    "kind": "video",
    "region": "RU",
    "content": None,
}


def value(text: str) -> object:
    return compile_formula(text, "content_day", want=None).value(VALUES)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 3 - 2", "5"),
        ("10 - (3 - 2)", "9"),
        ("100 / 10 / 2", "5"),
        ("100 / (10 / 2)", "20"),
        ("2 / 3", "0.666666666666"),
        ("-2 / 3", "-0.666666666666"),
        ("2 / 3 * 3", "1.999999999998"),
        ("1 / units", "0"),
        ("- - 2", "2"),
        ("2 - -2", "4"),
        ("-views * -2", "2000"),
        ("3%", "0.03"),
        ("0.1 + 0.2", "0.3"),
        (
            "999999999999.9999999999 * 999999999999.9999999999",
            "999999999999999999999800.00000000000000000001",
        ),
        ("conversion", "0.08"),
        ("ctr * 2", "0.1"),
        ("1 / ctr", "20"),
        ("views / ctr / 2", "10000"),
        ("min(3, 1, 2)", "1"),
        ("max(likes)", "-7"),
        ("floor(-0.5)", "-1"),
        ("ceil(-0.5)", "0"),
        ("abs(likes)", "7"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(1.005, 2)", "1.01"),
        ("round(1250, -2)", "1300"),
        ("round(0.0000000005 * 0.001, 12)", "0.000000000001"),
        ("if(views > 999, 1, 2)", "1"),
        ("if(not views > 999, 1, 2)", "2"),
        ("graduated(1250, 100: 2, 1000: 1, 0.5)", "1225"),
        ("graduated(100, 100: 2, 1000: 1, 0.5)", "200"),
        ("graduated(likes, 100: 2, 1)", "0"),
        ("graduated(views, 3%)", "30"),
        ("graduated(views, 500: orders, 1000: -1, units)", "1500"),
        ("volume(100, 100: 2, 0.5)", "200"),
        ("volume(100.5, 100: 2, 0.5)", "50.25"),
        ("volume(likes, 100: 2, 1)", "0"),
        ("volume(graduated(views, 10: 2, 1), 1000: 1, 1010: 2, 3)", "2020"),
        ("sales\n *\t2", "2469.12"),
    ],
)
def test_numbers(text: str, result: str) -> None:
    assert value(text) == Decimal(result)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("views = 1000.0", True),
        ("views != 1000", False),
        ("views < 1000 or views >= 1000", True),
        ("1 = 2 or 1 = 1 and 1 = 2", False),
        ("not 1 = 2 and 1 = 1", True),
        ("not (1 = 2 and 1 = 1)", True),
        ("kind = \"video\" and region != 'ru'", True),
        ("region in ('BY', \"RU\")", True),
        ("region not in ('BY', 'RU')", False),
        ("likes in (-7, 3%)", True),
        ("content = ''", True),
        ("if(views > 1, kind, region) = 'video'", True),
        ("'a' = 'a '", False),
    ],
)
def test_booleans(text: str, result: bool) -> None:
    assert value(text) is result


def test_a_chain_is_one_node_and_parentheses_end_it() -> None:
    chain, grouped = parse("1 + 2 + 3 + 4"), parse("(1 + 2) + 3")
    assert isinstance(chain, Chain) and len(chain.args) == 4 and (chain.depth, chain.size) == (2, 5)
    assert isinstance(grouped, Chain) and isinstance(grouped.args[0], Group) and grouped.depth == 4
    assert parse("views / ctr").depth == 3


def test_names_are_those_whose_values_are_needed() -> None:
    formula = compile_formula("conversion * sales + views + views", "content_day")
    assert formula.names == ("clicks", "orders", "sales", "views")
    assert compile_formula("1", "sale").names == ()


@pytest.mark.parametrize("grain", NAMES)
def test_every_name_of_every_grain_works(grain: str) -> None:
    for name, kind in NAMES[grain].items():
        assert compile_formula(name, grain, want=None).type is kind


def test_the_type_is_given_and_demanded() -> None:
    assert compile_formula("views > 1", "content_day", want="boolean").type == "boolean"
    with pytest.raises(Invalid, match="gives a boolean, but a number is needed"):
        compile_formula("views > 1", "content_day")
    with pytest.raises(Invalid, match="gives a number, but a boolean is needed"):
        compile_formula("views", "content_day", want="boolean")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"views": 1.5},
        {"views": True},
        {"views": "1e3"},
        {"views": "٣"},
        {"views": "1\n"},
        {"views": Decimal("NaN")},
        {"views": Decimal("Infinity")},
        {"views": Decimal("1E+999999")},
        {"views": Decimal("1E-13")},
        {"views": 10**20},
        {"views": [1]},
    ],
)
def test_values_are_exact_and_bounded(values: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        compile_formula("views", "content_day").value(values)
    assert caught.value.code == "formula_value" and caught.value.fields["name"] == "views"


def test_a_text_is_not_read_from_a_number() -> None:
    with pytest.raises(Invalid, match="'region' is a text"):
        compile_formula("region = 'RU'", "content_day", want="boolean").value({"region": 1})


@pytest.mark.parametrize(
    "given", [Decimal("0E-900000"), Decimal("1.00000000000000000000"), Decimal("1E+19"), -5, "00.5"]
)
def test_values_that_fit(given: object) -> None:
    result = compile_formula("views * views", "content_day").value({"views": given})
    assert result == Decimal(str(given)) ** 2 if given != Decimal("0E-900000") else result == 0
