"""Explanations: each term with its value, in sentences and as a tree."""

from typing import Any

import pytest

from formula import compile_formula

VALUES: dict[str, Any] = {"views": 1250, "clicks": 0, "orders": 3, "region": "RU", "likes": "-0.50"}


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("views", ["views (1,250) = 1,250"]),
        ("5", ["5 = 5"]),
        ("0.002 * views", ["0.002 × views (1,250) = 2.5"]),
        (
            "0.002 * views + 10 * orders",
            ["0.002 × views (1,250) = 2.5", "10 × orders (3) = 30", "2.5 + 30 = 32.5"],
        ),
        ("conversion", ["conversion: orders (3) ÷ clicks (0) = 0 (a division by 0 gives 0)"]),
        ("-(likes)", ["-(likes (-0.5)) = 0.5"]),
        ("0 * likes", ["0 × likes (-0.5) = 0"]),
        ("not region = 'ru'", ['region ("RU") = "ru" is false', "not false is true"]),
        ("region in ('RU', 'BY')", ['region ("RU") in ("RU", "BY") is true']),
        (
            "if(views > 1000, orders, 1 / 0)",
            [
                "views (1,250) > 1,000 is true",
                "if: the condition is true, so the first value counts: orders (3)",
            ],
        ),
        ("max(orders, 2)", ["max(orders (3), 2) = 3"]),
        ("round(likes)", ["round(likes (-0.5), 0) = -1"]),
        (
            "graduated(views, 100: 2, 1000: 1, 0.5)",
            ["graduated(views (1,250)): 100 × 2 + 900 × 1 + 250 × 0.5 = 1,225"],
        ),
        ("volume(views, 100: 2, 0.5)", ["volume(views (1,250)): 1,250 × 0.5 = 625"]),
        ("volume(likes, 100: 2, 0.5)", ["volume(likes (-0.5)): nothing = 0"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert compile_formula(text, "content_day", want=None).explain(VALUES).sentences == sentences


def test_terms_are_nested_and_plain() -> None:
    explained = compile_formula("if(views > 5, 3% * views, 1)", "content_day").explain(VALUES).as_json()
    assert explained["value"] == "37.5"
    assert explained["term"]["text"] == "if(views > 5, 0.03 * views, 1)"
    condition, taken = explained["term"]["children"]
    assert (condition["text"], condition["value"]) == ("views > 5", "true")
    assert taken["children"] == [
        {"text": "0.03", "value": "0.03", "children": []},
        {"text": "views", "value": "1250", "children": []},
    ]
