"""The readers agree: Decimal with its explanation, and SQL with Decimal, to the last digit."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from formula_trees import GRAIN, formulas, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Numeric, String, column, select, values

from formula import NAMES, Formula, Type, compile_formula
from formula.check import check
from formula.complain import FUNCTIONS
from formula.parse import parse
from formula.write import write

RELAXED = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
RELAXED_FEW = settings(RELAXED, max_examples=8)
TYPES = {name: kind for name, kind in NAMES[GRAIN].items() if name not in ("conversion", "ctr")}
ALL: dict[str, Any] = dict.fromkeys(TYPES)


def in_sql(engine: Engine, formula: Formula, given: Sequence[dict[str, Any]]) -> list[Any]:
    """The formula over all rows in one statement, in their order."""
    types = {name: Numeric() if kind is Type.NUMBER else String() for name, kind in TYPES.items()}
    heads = [column("place", Numeric()), *(column(name, kind) for name, kind in types.items())]
    # The first row gives the columns their types, where a column of NULLs would have none.
    typed = (-1, *(Decimal("1.5") if kind is Type.NUMBER else "x" for kind in TYPES.values()))
    data = [typed, *((place, *(row[name] for name in TYPES)) for place, row in enumerate(given))]
    table = values(*heads, name="given").data(data)
    columns = {name: table.c[name] for name in TYPES}
    statement = select(formula.sql(columns)).where(table.c.place >= 0).order_by(table.c.place)
    with engine.connect() as connection:
        return list(connection.scalars(statement))


@RELAXED
@given(st.data())
def test_explain_is_decimal(data: st.DataObject) -> None:
    formula = data.draw(formulas())
    for row in data.draw(st.lists(rows(formula.names), min_size=1, max_size=3)):
        explained = formula.explain(row)
        assert explained.value == formula.value(row)
        assert explained.sentences


@RELAXED
@given(formulas())
def test_what_is_written_reads_the_same(formula: Formula) -> None:
    again = parse(write(formula.tree))
    assert again == formula.tree
    assert check(again, GRAIN) is formula.type


@RELAXED
@given(st.data())
def test_sql_is_decimal(db_engine: Engine, data: st.DataObject) -> None:
    formula = data.draw(formulas())
    drawn = data.draw(st.lists(rows(formula.names), min_size=5, max_size=20))
    # Each value once more beside its neighbours' others: 50 combinations from few draws.
    given = [
        ALL | {name: drawn[(i * (k + 1) + i // 7) % len(drawn)][name] for k, name in enumerate(formula.names)}
        for i in range(50)
    ]
    assert in_sql(db_engine, formula, given) == [formula.value(row) for row in given]


def test_the_drawn_formulas_and_rows_hold_everything() -> None:
    """The properties above are worth what they draw: every function, operator and type of value is among it."""
    texts: list[str] = []
    drawn: list[Any] = []

    @settings(RELAXED, max_examples=400, derandomize=True, database=None)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        formula = data.draw(formulas())
        texts.append(formula.text)
        drawn.extend(data.draw(rows(formula.names)).values())

    draw()
    together = " ".join(texts)
    words = [f"{function}(" for function in FUNCTIONS] + [
        f" {sign} " for sign in ("+", "-", "*", "/", "and", "or")
    ]
    words += [
        " = ",
        " != ",
        " < ",
        " <= ",
        " > ",
        " >= ",
        "not ",
        " in (",
        " not in (",
        "-",
        "%",
        "if(",
        '"',
        "'",
    ]
    assert [word for word in words if word not in together] == []
    assert all(any(name in text for text in texts) for name in NAMES[GRAIN])
    assert re.search(r"if\([^()]+, (\"|'|kind|region|content)", together)  # a text that a condition decides
    numbers = [value for value in drawn if isinstance(value, Decimal)]
    assert None in drawn and "" in drawn and "e\u0301" in drawn
    assert min(numbers) < -(10**18) and max(numbers) > 10**18
    assert any(0 < abs(value) < Decimal("1e-10") for value in numbers)


@pytest.mark.parametrize("function", [*FUNCTIONS, "not", "in", "/"])
@RELAXED_FEW
@given(st.data())
def test_each_construct_by_itself_is_decimal(db_engine: Engine, function: str, data: st.DataObject) -> None:
    """Over columns that are NULL, negative, tiny, huge and anything between, without another part to hide behind."""
    text = {
        "if": "if(likes > views, clicks, -likes)", "min": "min(likes, views, clicks)", "max": "max(likes, views)",
        "round": f"round(likes, {data.draw(st.integers(-6, 12))})",
        "graduated": "graduated(likes, 0: views, 0.5: clicks, 100: 2, -3)",
        "volume": "volume(likes, 0: views, 0.5: clicks, 100: 2, -3)",
        "not": "not (likes > views or kind = region)",
        "in": "likes in (0, 1, -2.5) or kind not in ('', 'RU')", "/": "likes / views / clicks",
    }.get(function, f"{function}(likes)")  # fmt: skip
    formula = compile_formula(text, GRAIN, want=None)
    given = [ALL | data.draw(rows(formula.names)) for _ in range(15)]
    assert in_sql(db_engine, formula, given) == [formula.value(row) for row in given]


@pytest.mark.parametrize(
    "text",
    [
        "views*" * 49 + "views",
        "ctr*" * 32 + "ctr",
        "views/" * 49 + "views",
        "1/(views*views*views/" * 6 + "likes" + ")" * 6,
        "999999999999.9999999999*" * 19 + "views",
        "graduated(views*" * 9 + "likes" + ",1:2,3)" * 9,
        "volume(" * 19 + "likes" + ",1:2,3)" * 19,
        "graduated(1,1:likes/sales," * 9 + "ctr" + ")" * 9,
        "1-" * 97 + "likes",
        "ctr/" * 24 + "conversion",
        "1=1 and likes>0 or " * 12 + "sales=0",
        "1/graduated(views/volume(likes, 10: sales, ctr), 5: conversion, 50: 1/sales, likes/views)",
        "-(-(-views)) - (-(-1)) - -likes - (1 - (2 - (3 - likes)))",
        "if(kind = region, if(kind in ('RU', \"видео\"), kind, 'a'), region) = 'a'",
        "'RU' = region or not ('a' != kind and not region not in ('RU'))",
    ],
)
def test_sql_is_decimal_at_the_limits(db_engine: Engine, text: str) -> None:
    extremes = ["99999999999999999999.999999999999", "0.000000000001", "-0.000000000001", "3", "0", "-7.5"]
    given = [
        ALL
        | dict.fromkeys(("views", "sales", "orders"), Decimal(x))
        | dict.fromkeys(("likes", "clicks"), Decimal(y))
        for x in extremes
        for y in extremes
    ]
    given += [ALL | {"kind": kind, "region": "RU"} for kind in ("RU", "ru", "видео", "")]
    formula = compile_formula(text, GRAIN, want=None)
    assert in_sql(db_engine, formula, given) == [formula.value(row) for row in given]


def test_texts_with_quotes_and_percents_reach_sql_unharmed(db_engine: Engine) -> None:
    for text in ("it's", "100% :x %(y)s", 'say "hi"', "'; DROP TABLE x --"):
        quote = "'" if '"' in text else '"'
        literal = f"{quote}{text}{quote}" if quote not in text else None
        if literal:
            formula = compile_formula(f"region = {literal}", GRAIN, want="boolean")
            assert in_sql(db_engine, formula, [ALL | {"region": text}, ALL | {"region": "x"}]) == [
                True,
                False,
            ]
