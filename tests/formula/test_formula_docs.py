"""The documentation is executed: its examples, its names, its functions, its limits."""

import re
from pathlib import Path

import pytest

from core.errors import Invalid
from formula import NAMES, RATIOS, Type, compile_formula, plain
from formula.complain import FUNCTIONS
from formula.limits import LITERAL_DECIMALS, LITERAL_WHOLE, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES

DOC = (Path(__file__).resolve().parents[2] / "docs" / "formulas.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| (\w+) \| `(.+?)` \| `(.+?)` \| `(.+?)` \|$", DOC, re.MULTILINE)
WORKED = re.findall(r"```\n(.+)\n```\n\nAt `(\w+)` with `(.+?)`:\n\n((?:- .+\n)+)\nResult: `(.+?)`", DOC)


def test_there_are_ten_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize(("grain", "formula", "values", "result"), EXAMPLES)
def test_example(grain: str, formula: str, values: str, result: str) -> None:
    given = dict(pair.split("=") for pair in values.split())
    compiled = compile_formula(formula, grain, want=None)
    assert plain(compiled.value(given)) == result
    assert plain(compiled.explain(given).value) == result


def test_there_are_ten_worked_examples_of_every_function() -> None:
    assert len(WORKED) == 10
    assert all(any(f"{function}(" in formula for formula, *_ in WORKED) for function in FUNCTIONS)


@pytest.mark.parametrize(("formula", "grain", "values", "steps", "result"), WORKED)
def test_worked_example(formula: str, grain: str, values: str, steps: str, result: str) -> None:
    given = dict(pair.split("=") for pair in values.split())
    compiled = compile_formula(formula, grain)
    explained = compiled.explain(given)
    assert plain(compiled.value(given)) == plain(explained.value) == result
    assert [f"- {sentence}" for sentence in explained.sentences] == steps.splitlines()


def test_the_refusal_that_is_shown() -> None:
    formula = re.search(r'"formula": "(amout[^"]+)"', DOC)
    assert formula
    with pytest.raises(Invalid) as caught:
        compile_formula(formula[1], "sale")
    assert f'"detail": "{caught.value.detail}"' in DOC


@pytest.mark.parametrize("grain", NAMES)
def test_names_of_the_grain_are_documented(grain: str) -> None:
    row = re.search(rf"^\| `{grain}` \|.*\| (.+) \| (.+) \|$", DOC, re.MULTILINE)
    metrics = re.search(r"The metrics: `([^`]+)`", DOC)
    assert row and metrics
    numbers = metrics[1] if "metrics" in row[1] else row[1]
    texts = re.search(r"`([^`]+)`", row[2])
    assert texts
    written = dict.fromkeys(numbers.replace("`", "").split(), Type.NUMBER)
    assert written | dict.fromkeys(texts[1].split(), Type.TEXT) == dict(NAMES[grain])


def test_functions_ratios_and_limits_are_documented() -> None:
    for function in FUNCTIONS:
        assert f"`{function}(" in DOC
    for name, (over, under) in RATIOS.items():
        assert f"`{name}`" in DOC and f"`{over} / {under}`" in DOC
    assert f"{MAX_CHARACTERS} characters, {MAX_NODES} parts and depth {MAX_DEPTH}" in DOC
    assert f"{LITERAL_WHOLE} digits before the point and {LITERAL_DECIMALS} after" in DOC
