"""What the catalog answers: profiles with counts, and lists by reference."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from catalog import read
from catalog.delete import delete_content
from catalog.follow import unfollow, unlike
from core.database import transaction
from core.errors import NotFound
from tests.catalog.story import NOON, VAULT, furnish, line, load, row, write


def test_a_profile_counts_what_stands(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    load(
        engine,
        now,
        [
            *(line("content", f"k{i}") for i in range(3)),
            line("content", "other", creator="c2"),
            *(line("follow", viewer=f"v{i}", creator="c1") for i in range(5)),
            *(line("like", viewer=f"v{i}", content=f"k{j}") for i in range(4) for j in range(3)),
            line("like", viewer="v1", content="other"),
        ],
    )
    with transaction(engine) as session:
        unfollow(session, "v0", "c1", now, VAULT)
        unlike(session, "v0", "k0", now, VAULT)
        delete_content(session, "k2", now)
        found = read.get_creator(session, "c1")
    assert (found.followers, found.contents, found.likes) == (4, 2, 7)
    assert (found.name, found.status, found.created_at) == ("Anna", "active", now)


def test_a_content_shows_its_standing_tags(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    write(engine, now, row("content", "k1", products=["p2", "p1"], caption="hi"))
    write(engine, now + timedelta(hours=1), row("content", "k1", products=["p3", "p1"], caption="hi"))
    with transaction(engine) as session:
        found = read.get_content(session, "k1")
    assert found == read.Content(
        "k1", "c1", "video", "hi", None, NOON, None, ("p1", "p3"), now, now,
    )  # fmt: skip


@pytest.mark.parametrize("get", [read.get_creator, read.get_seller, read.get_product, read.get_content])
@pytest.mark.parametrize("id", ["nobody", "' OR 1=1 --", "%", ""])
def test_the_unknown_is_not_found(engine: Engine, now: datetime, get, id: str) -> None:
    furnish(engine, now)
    with transaction(engine) as session, pytest.raises(NotFound):
        get(session, id)


def test_lists_go_by_reference_in_bytes(engine: Engine, now: datetime) -> None:
    ids = ["A", "B", "a", "a-1", "a.1", "a_1", "b", "Z"]
    load(engine, now, [*(line("creator", id) for id in ids), *(line("seller", id) for id in ids)])
    for listing in (read.list_creators, read.list_sellers):
        seen: list[str] = []
        with transaction(engine) as session:
            while part := listing(session, 3, seen[-1] if seen else None):
                seen += [item.id for item in part]
        assert seen == sorted(ids)


def test_lists_narrow(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    load(
        engine,
        now,
        [
            line("seller", "s2"),
            line("product", "p9", seller="s2"),
            line("content", "k1", products=["p1"]),
            line("content", "k2", products=["p1", "p2"]),
            line("content", "k3", creator="c2", products=["p1"]),
            line("content", "k4", products=["p1"]),
            line("content", "k5", products=["p1"]),
        ],
    )
    load(engine, now, [line("content", "k1", products=[])])
    with transaction(engine) as session:
        delete_content(session, "k4", now)

        def contents(**filters: str) -> list[str]:
            return [item.id for item in read.list_contents(session, 10, **filters)]

        assert contents() == ["k1", "k2", "k3", "k5"]
        assert contents(creator="c1") == ["k1", "k2", "k5"]
        assert contents(product="p1") == ["k2", "k3", "k5"]
        assert contents(creator="c1", product="p1") == ["k2", "k5"]
        assert contents(product="' OR 1=1") == []
        assert [item.id for item in read.list_contents(session, 1, "k2", creator="c1")] == ["k5"]
        assert [item.id for item in read.list_products(session, 10, seller="s2")] == ["p9"]
        assert [item.id for item in read.list_products(session, 2, "p1")] == ["p2", "p3"]
