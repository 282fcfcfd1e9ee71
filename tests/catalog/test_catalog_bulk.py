"""The catalog in bulk: any order, bad lines, two writers at once, many rows."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from catalog.limits import MAX_ROWS
from core.errors import Invalid
from tests.catalog.story import ask, dump, furnish, line, load

MARKET = [
    line("creator", "c1", viewer="v9"),
    line("creator", "c2"),
    line("seller", "s1"),
    line("product", "p1"),
    line("product", "p2"),
    line("content", "k1", products=["p1", "p2"]),
    line("content", "k2", creator="c2"),
    line("follow", viewer="v1", creator="c1"),
    line("like", viewer="v1", content="k1"),
]
ALL = {"creator": 2, "seller": 1, "product": 2, "content": 2, "follow": 1, "like": 1}


@pytest.mark.parametrize("seed", range(4))
def test_lines_come_in_any_order_and_again(engine: Engine, now: datetime, seed: int) -> None:
    lines = random.Random(seed).sample(MARKET, len(MARKET))
    result = load(engine, now, lines)
    assert (result.accepted, result.rejected, result.errors) == (ALL, 0, [])
    before = dump(engine)
    assert {name: len(rows) for name, rows in before.items()} == {
        "creator": 2, "seller": 1, "product": 2, "content": 2, "product_tag": 2, "follow": 1,
        "content_like": 1, "changed_day": 2,
    }  # fmt: skip
    assert load(engine, now + timedelta(days=1), lines[::-1]).accepted == ALL
    assert dump(engine) == before


def test_a_bad_line_never_stops_the_others(engine: Engine, now: datetime) -> None:
    bad = [
        (b"not json", None, "bad_json"),
        (b'{"type": "creator", "id": "x1", "name": "\xff"}', None, "bad_json"),
        (b'{"type": "creator", "id": "x1", "name": "\\ud800"}', None, "bad_json"),
        (b'{"type": "creator", "id": "x1", "name": "\\udc00"}', None, "bad_json"),
        (b'{"type": "creator", "id": "x1", "name": "a\\u0000b"}', "x1", "malformed"),
        (b'{"x": ' + b"[" * 100_000, None, "bad_json"),
        (b"[]", None, "malformed"),
        (b"null", None, "malformed"),
        (b"\x00", None, "bad_json"),
        (line("creator", "x1") | {"type": "person"}, "x1", "malformed"),
        (line("creator", "x1", balance=1), "x1", "malformed"),
        (line("creator", "x 1"), None, "malformed"),
        (line("follow", "f1", viewer="v1", creator="c1"), "f1", "malformed"),
        (line("product", "x1", seller="s9"), "x1", "unknown_reference"),
        (line("content", "x1", products=["p1", "p9"]), "x1", "unknown_reference"),
        (line("content", "x1", creator="c9"), "x1", "unknown_reference"),
        (line("content", "k1", creator="c2"), "k1", "content_has_creator"),
        (line("follow", viewer="v1", creator="c9"), None, "unknown_reference"),
        (line("like", viewer="v1", content="x1"), None, "unknown_reference"),
        (line("product", "x1", price={"amount": "1.005", "currency": "RUB"}), "x1", "not_minor_units"),
        (line("content", "x1", published_at="2026-11-01T12:00:00"), "x1", "malformed"),
    ]
    lines = [part for pair in zip(MARKET, MARKET, strict=True) for part in (pair[0], b"  \r")]
    start = len(lines)
    result = load(engine, now, [*lines, *(item for item, _, _ in bad)])
    assert result.accepted == ALL
    assert result.rejected == len(bad)
    assert [error["index"] for error in result.errors] == list(range(start, start + len(bad)))
    for error, (item, id, code) in zip(result.errors, bad, strict=True):
        assert error["id"] == id, item
        assert error["code"] == code, item
        assert set(error) == {"index", "id", "code", "detail"}
    assert ask(engine, "SELECT id FROM content ORDER BY id") == [("k1",), ("k2",)]


def test_the_complaint_says_where_and_in_words(engine: Engine, now: datetime) -> None:
    result = load(engine, now, [line("creator", "a b"), line("content", "k1", products=["p1", "p 2"])])
    assert [error["detail"] for error in result.errors] == [
        "/id: Expected 1 to 64 of A-Z a-z 0-9 . _ -",
        "/products/1: Expected 1 to 64 of A-Z a-z 0-9 . _ -",
    ]


def test_the_last_good_line_of_an_id_wins(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    result = load(
        engine,
        now,
        [
            line("creator", "c1", name="first"),
            line("creator", "c1", name="second"),
            line("product", "p1", title="good"),
            line("product", "p1", title="bad", seller="s9"),
            line("content", "k1", caption="good", products=["p1"]),
            line("content", "k1", caption="other creator", creator="c2"),
            line("content", "k1", caption="better", products=["p2"]),
            line("content", "k1", caption="bad", products=["p9"]),
        ],
    )
    assert [(error["index"], error["code"]) for error in result.errors] == [
        (3, "unknown_reference"),
        (5, "content_has_creator"),
        (7, "unknown_reference"),
    ]
    assert ask(engine, "SELECT name FROM creator WHERE id = 'c1'") == [("second",)]
    assert ask(engine, "SELECT title FROM product WHERE id = 'p1'") == [("good",)]
    assert ask(engine, "SELECT creator, caption FROM content") == [("c1", "better")]
    assert ask(engine, "SELECT product FROM product_tag") == [("p2",)]


def test_the_creator_of_a_standing_content_outweighs_the_first_line(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    load(engine, now, [line("content", "k1")])
    result = load(
        engine, now, [line("content", "k1", creator="c2"), line("content", "k1", creator="c1", caption="new")]
    )
    assert [(error["index"], error["code"]) for error in result.errors] == [(0, "content_has_creator")]
    assert ask(engine, "SELECT creator, caption FROM content") == [("c1", "new")]


@pytest.mark.parametrize("body", [[], [b""], [b"\n \n"]])
def test_nothing(engine: Engine, now: datetime, body: list[bytes]) -> None:
    result = load(engine, now, body)
    assert (sum(result.accepted.values()), result.rejected) == (0, 0)


def test_a_byte_order_mark_is_no_letter(engine: Engine, now: datetime) -> None:
    assert (
        load(engine, now, [b'\xef\xbb\xbf{"type":"seller","id":"s1","name":"Shop"}']).accepted["seller"] == 1
    )


def test_too_many_lines(engine: Engine, now: datetime) -> None:
    with pytest.raises(Invalid) as caught:
        load(engine, now, [b"{}"] * (MAX_ROWS + 1))
    assert caught.value.code == "too_many_rows"


@pytest.mark.parametrize("fresh", [True, False])
def test_writers_of_one_set_meet(engine: Engine, now: datetime, fresh: bool) -> None:
    """Four writers of one set in four orders: no ring of waits, one standing tag, follow and like each."""
    lines = [
        *(line("creator", f"c{i}", name=f"n{i}") for i in range(40)),
        line("seller", "s1"),
        *(line("product", f"p{i}") for i in range(40)),
        *(line("content", f"k{i}", creator=f"c{i % 40}", products=[f"p{i % 40}"]) for i in range(400)),
        *(line("follow", viewer=f"v{i}", creator=f"c{i % 40}") for i in range(400)),
        *(line("like", viewer=f"v{i}", content=f"k{i}") for i in range(400)),
    ]
    if not fresh:
        load(engine, now, lines)
    barrier = Barrier(4)

    def run(n: int) -> int:
        rejected = 0
        mine = random.Random(n).sample(lines, len(lines))
        for turn in range(3):
            retagged = [
                item | {"caption": f"{n} {turn}", "products": [f"p{(n + turn) % 40}"]}
                if item["type"] == "content"
                else item | ({"name": f"{n} {turn}"} if item["type"] == "creator" else {})
                for item in mine
            ]
            barrier.wait(30)
            rejected += load(engine, now + timedelta(minutes=turn), retagged).rejected
        return rejected

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == [0, 0, 0, 0]
    standing = "SELECT count(*) FROM {} WHERE {} IS NULL"
    assert ask(engine, standing.format("product_tag", "tagged_until")) == [(400,)]
    assert ask(engine, standing.format("follow", "until")) == [(400,)]
    assert ask(engine, standing.format("content_like", "until")) == [(400,)]
    assert len({(row[0]) for row in ask(engine, "SELECT DISTINCT caption FROM content")}) == 1


def test_twenty_thousand_lines_are_quick(engine: Engine, now: datetime) -> None:
    """Two to four seconds for the three turns; the bound only catches a loop over rows."""
    lines = [
        line("seller", "s1"),
        *(line("creator", f"c{i}", viewer=f"v{i}") for i in range(2_000)),
        *(line("product", f"p{i}") for i in range(3_000)),
        *(
            line("content", f"k{i}", creator=f"c{i % 2_000}", products=[f"p{i % 3_000}", f"p{i % 2_999}"])
            for i in range(7_000)
        ),
        *(line("follow", viewer=f"v{i}", creator=f"c{i % 2_000}") for i in range(4_000)),
        *(line("like", viewer=f"v{i}", content=f"k{i}") for i in range(4_000)),
    ]
    for turn in range(3):
        begun = time.perf_counter()
        again = [
            item | {"products": [f"p{turn}"]} if turn and item["type"] == "content" else item
            for item in lines
        ]
        assert load(engine, now + timedelta(hours=turn), again).rejected == 0
        assert time.perf_counter() - begun < 60
    assert ask(engine, "SELECT count(*) FROM product_tag WHERE tagged_until IS NULL") == [(7_000,)]
