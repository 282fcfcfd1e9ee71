"""Single upserts: whole objects, refusals with a pointer, repeats that change nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from catalog.delete import delete_content
from catalog.read import get_content, get_creator, get_product, list_contents
from core.database import transaction
from core.errors import Invalid, KopeckError, NotFound, Refused
from tests.catalog.story import NOON, VAULT, ask, dump, furnish, load, row, write

LATER = timedelta(hours=1)


def test_a_body_is_the_whole_object(engine: Engine, now: datetime) -> None:
    write(engine, now, row("creator", "c1", region="Омск", avatar_url="https://a.test/1.png", viewer="v1"))
    write(engine, now + LATER, row("creator", "c1", name="Vera", status="suspended"))
    [(name, region, avatar, viewer, status, made, changed)] = ask(
        engine, "SELECT name, region, avatar_url, viewer, status, created_at, updated_at FROM creator"
    )
    assert (name, region, avatar, viewer, status) == ("Vera", None, None, None, "suspended")
    assert (made, changed) == (now, now + LATER)


def test_a_viewer_is_stored_as_a_pseudonym_only(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    write(
        engine,
        now,
        row("creator", "c1", viewer="person-17"),
        row("content", "k1"),
        row("follow", viewer="person-17", creator="c1"),
        row("like", viewer="person-17", content="k1"),
    )
    everything = dump(engine)
    assert "person-17" not in str(everything)
    assert VAULT.pseudonym("person-17") in {item[4].hex for item in everything["creator"] if item[4]}


def test_a_repeat_changes_nothing(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    rows = [
        row("content", "k1", products=["p1", "p2"], caption="a\nb", region="Омск"),
        row("follow", viewer="v1", creator="c1"),
        row("like", viewer="v1", content="k1"),
    ]
    write(engine, now, *rows)
    before = dump(engine)
    furnish(engine, now + LATER)
    write(engine, now + LATER, *rows)
    assert dump(engine) == before


@pytest.mark.parametrize(
    ("type", "fields", "pointer"),
    [
        ("product", {"seller": "nobody"}, "/seller"),
        ("content", {"creator": "nobody"}, "/creator"),
        ("content", {"products": ["p1", "nothing"]}, "/products/1"),
        ("follow", {"viewer": "v1", "creator": "nobody"}, "/creator"),
        ("like", {"viewer": "v1", "content": "nothing"}, "/content"),
    ],
)
def test_unknown_references_are_named(
    engine: Engine, now: datetime, type: str, fields: dict[str, Any], pointer: str
) -> None:
    furnish(engine, now)
    id = None if type in ("follow", "like") else "x1"
    with pytest.raises(Invalid) as caught:
        write(engine, now, row(type, id, **fields))
    assert (caught.value.code, caught.value.pointer) == ("unknown_reference", pointer)


def test_a_content_keeps_its_creator(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    write(engine, now, row("content", "k1"))
    with pytest.raises(Refused) as caught:
        write(engine, now, row("content", "k1", creator="c2"))
    assert caught.value.code == "content_has_creator"
    assert ask(engine, "SELECT creator FROM content") == [("c1",)]


def test_a_deleted_content_stays_deleted(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    write(engine, now, row("content", "k1", products=["p1"]))
    for moment in (now + LATER, now + 2 * LATER):
        with transaction(engine) as session:
            delete_content(session, "k1", moment)
    assert ask(engine, "SELECT deleted_at FROM content") == [(now + LATER,)]
    assert ask(engine, "SELECT tagged_from, tagged_until FROM product_tag") == [(NOON, now + LATER)]
    with pytest.raises(Refused) as caught:
        write(engine, now, row("content", "k1"))
    assert caught.value.code == "content_deleted"
    with transaction(engine) as session:
        assert get_content(session, "k1").deleted_at == now + LATER
        assert list_contents(session, 10) == []
        assert get_creator(session, "c1").contents == 0


def test_deleting_the_unknown(engine: Engine, now: datetime) -> None:
    with pytest.raises(NotFound), transaction(engine) as session:
        delete_content(session, "k1", now)


def test_a_post_queues_its_day_in_the_services_zone(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    write(engine, now, row("content", "k1", published_at="2026-10-31T21:30:00Z"))
    days = "SELECT day::text, creator, content FROM changed_day ORDER BY id"
    assert ask(engine, days) == [("2026-11-01", "c1", "k1")]
    write(engine, now, row("content", "k1", published_at="2026-10-31T21:30:00Z", caption="new"))
    assert len(ask(engine, days)) == 1
    write(engine, now, row("content", "k1", published_at="2026-10-30T12:00:00Z"))
    assert ask(engine, days)[1:] == [("2026-10-30", "c1", "k1"), ("2026-11-01", "c1", "k1")]


@pytest.mark.parametrize(
    "name",
    [
        "'; DROP TABLE creator; --",
        '"; SELECT 1 %(x)s :now %s \\',
        "{{7*7}}${jndi:ldap://x}",
        "😀👩‍👩‍👧",
        "\u202eevil\u202c",
        "e" + "\u0301" * 150,
        "../../etc/passwd",
        "=HYPERLINK(1)",
        "שלום",
        "<script>",
        "a",
    ],
)
def test_names_are_stored_as_they_are(engine: Engine, now: datetime, name: str) -> None:
    write(engine, now, row("creator", "c1", name=name))
    load(engine, now, [{"type": "creator", "id": "c2", "name": name}])
    assert ask(engine, "SELECT name FROM creator") == [(name,), (name,)]


@pytest.mark.parametrize("type_", ["creator", "seller"])
@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a\x00b",
        "a\nb",
        "a\r\nX: y",
        "\x1b[31m",
        "a\x85b",
        "a\x7f",
        "x" * 201,
        "\ud800",
        None,
        7,
        ["a"],
    ],
)
def test_names_that_are_refused(type_: str, name: Any) -> None:
    with pytest.raises(Invalid) as caught:
        row(type_, "c1", name=name)
    assert (caught.value.code, caught.value.pointer) == ("malformed", "/name")


@pytest.mark.parametrize(
    ("type", "fields", "code"),
    [
        ("creator", {"id": "a\n"}, "malformed"),
        ("creator", {"id": "\u0661"}, "malformed"),
        ("creator", {"id": "с1"}, "malformed"),  # a Cyrillic letter
        ("creator", {"id": "x" * 65}, "malformed"),
        ("creator", {"id": ""}, "malformed"),
        ("creator", {"viewer": "a b"}, "malformed"),
        ("creator", {"status": "gone"}, "malformed"),
        ("creator", {"avatar_url": "javascript:alert(1)"}, "malformed"),
        ("creator", {"avatar_url": 'https://a.test/"onload="x'}, "malformed"),
        ("creator", {"avatar_url": "https://"}, "malformed"),
        ("creator", {"avatar_url": "https://a.test/" + "x" * 2000}, "malformed"),
        ("creator", {"nmae": "x"}, "malformed"),
        ("content", {"caption": "a\x00"}, "malformed"),
        ("content", {"caption": "a\rb"}, "malformed"),
        ("content", {"caption": "x" * 5001}, "malformed"),
        ("content", {"kind": "audio"}, "malformed"),
        ("content", {"published_at": "2026-11-01T12:00:00"}, "malformed"),
        ("content", {"published_at": "1999-12-31T23:59:59Z"}, "bad_time"),
        ("content", {"published_at": "2101-01-01T00:00:00Z"}, "bad_time"),
        ("content", {"published_at": "0001-01-01T00:00:00+05:00"}, "bad_time"),
        ("content", {"published_at": "9999-12-31T23:59:59-05:00"}, "bad_time"),
        ("content", {"products": None}, "malformed"),
        ("product", {"price": {"amount": 5, "currency": "RUB"}}, "malformed"),
        ("product", {"price": {"amount": "5.001", "currency": "RUB"}}, "not_minor_units"),
        ("product", {"price": {"amount": "-5.00", "currency": "RUB"}}, "negative_price"),
        ("product", {"price": {"amount": "-0", "currency": "RUB"}}, "bad_amount"),
        ("product", {"price": {"amount": "5", "currency": "rub"}}, "unknown_currency"),
        ("product", {"price": {"amount": "\u0665", "currency": "RUB"}}, "bad_amount"),
        ("product", {"price": {"amount": "9" * 100, "currency": "RUB"}}, "bad_amount"),
    ],
)
def test_fields_that_are_refused(type: str, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(KopeckError) as caught:
        row(type, **({"id": "x1"} | fields))
    assert isinstance(caught.value, Invalid)
    assert caught.value.code == code


def test_a_caption_has_lines(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    write(engine, now, row("content", "k1", caption="one\n\ttwo"), row("content", "k2", caption=""))
    assert ask(engine, "SELECT caption FROM content ORDER BY id") == [("one\n\ttwo",), ("",)]


def test_a_product_may_cost_nothing_and_move_to_another_seller(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    free = {"amount": "0", "currency": "USD"}
    write(engine, now, row("seller", "s2"), row("product", "p1", seller="s2", price=free))
    with transaction(engine) as session:
        product = get_product(session, "p1")
    assert (product.seller, product.price.as_json()) == ("s2", {"amount": "0.00", "currency": "USD"})
