"""Tags, follows and likes over time."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from catalog.delete import delete_content
from catalog.follow import unfollow, unlike
from core.database import transaction
from tests.catalog.story import NOON, VAULT, ask, furnish, load, row, write

HOUR = timedelta(hours=1)


def tag(engine: Engine, now: datetime, *products: str, published_at: datetime = NOON) -> None:
    write(engine, now, row("content", "k1", products=list(products), published_at=published_at.isoformat()))


def intervals(engine: Engine, product: str = "p1") -> list[tuple[datetime, datetime | None]]:
    found = ask(
        engine,
        "SELECT tagged_from, tagged_until FROM product_tag WHERE product = :product ORDER BY 1",
        product=product,
    )
    return [(begin, end) for begin, end in found]


def test_first_tags_count_from_publication_later_ones_from_arrival(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    tag(engine, now, "p1", "p1")
    tag(engine, now + HOUR, "p1", "p2")
    assert intervals(engine) == [(NOON, None)]
    assert intervals(engine, "p2") == [(now + HOUR, None)]


def test_a_tag_of_a_content_that_came_without_counts_from_arrival(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    tag(engine, now)
    tag(engine, now + HOUR, "p1")
    assert intervals(engine) == [(now + HOUR, None)]


def test_taken_off_and_put_back(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    tag(engine, now, "p1")
    tag(engine, now + HOUR)
    tag(engine, now + 2 * HOUR, "p1")
    assert intervals(engine) == [(NOON, now + HOUR), (now + 2 * HOUR, None)]


def test_all_in_the_same_moment(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    tag(engine, now)
    for _ in range(3):
        tag(engine, now, "p1")
        assert intervals(engine) == [(now, None)]
        tag(engine, now)
        assert intervals(engine) == [(now, now)]


def test_first_tags_in_the_moment_of_publication(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    for products in (["p1"], [], ["p1"]):
        tag(engine, now, *products, published_at=now)
    assert intervals(engine) == [(now, None)]


def test_a_waiting_content_takes_its_tags_along_when_it_is_moved(engine: Engine, now: datetime) -> None:
    """Else a post that goes out early would earn nothing until the moment first planned."""
    furnish(engine, now)
    tag(engine, now, "p1", published_at=now + 9 * HOUR)
    tag(engine, now, "p1", "p2", published_at=now + 9 * HOUR)
    tag(engine, now + HOUR, "p1", "p2", published_at=now + HOUR)
    assert intervals(engine)[0] == intervals(engine, "p2")[0] == (now + HOUR, None)
    tag(engine, now + 2 * HOUR, "p1", published_at=now)  # published by now: what counted is not touched
    assert intervals(engine)[0] == (now + HOUR, None)


def test_moved_there_and_back(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    for plan in (9, 5, 9, 3, 5):
        tag(engine, now, "p1", published_at=now + plan * HOUR)
        assert [begin for begin, end in intervals(engine) if end is None] == [now + plan * HOUR]


def test_a_waiting_tag_that_is_taken_off_never_began(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    tag(engine, now, "p1", published_at=now + HOUR)
    with transaction(engine) as session:
        delete_content(session, "k1", now)
    assert intervals(engine) == [(now + HOUR, now + HOUR)]


def test_a_clock_that_runs_behind_opens_no_second_interval_inside_the_first(
    engine: Engine, now: datetime
) -> None:
    furnish(engine, now)
    tag(engine, now, "p1")
    tag(engine, now + HOUR)
    tag(engine, now, "p1")
    assert intervals(engine) == [(NOON, now + HOUR), (now + HOUR, None)]


@pytest.mark.parametrize("seed", range(3))
def test_any_history_has_one_standing_interval_and_no_overlap(
    engine: Engine, now: datetime, seed: int
) -> None:
    """Random upserts, alone and in bulk, with publication moved and clocks that jump."""
    rng = random.Random(seed)
    furnish(engine, now)
    for _ in range(60):
        moment = now + rng.randrange(-3, 4) * HOUR
        wanted = rng.sample(["p1", "p2", "p3"], rng.randrange(4))
        published = now + rng.randrange(-4, 5) * HOUR
        if rng.random() < 0.5:
            tag(engine, moment, *wanted, published_at=published)
        else:
            lines = [
                {"type": "content", "id": id, "creator": "c1", "kind": "text", "products": wanted,
                 "published_at": published.isoformat()}
                for id in ("k1", "k2")
            ]  # fmt: skip
            assert load(engine, moment, lines).rejected == 0
        standing = ask(
            engine, "SELECT product FROM product_tag WHERE content = 'k1' AND tagged_until IS NULL ORDER BY 1"
        )
        assert standing == [(product,) for product in sorted(wanted)]
    overlaps = (
        "SELECT * FROM product_tag a JOIN product_tag b ON (a.content, a.product) = (b.content, b.product)"
        " AND a.tagged_from < b.tagged_from AND tstzrange(a.tagged_from, a.tagged_until)"
        " && tstzrange(b.tagged_from, b.tagged_until)"
    )
    assert ask(engine, overlaps) == []


def test_a_follow_and_a_like_end_and_begin_again(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    follow, like = row("follow", viewer="v1", creator="c1"), row("like", viewer="v1", content="k1")
    write(engine, now, row("content", "k1"), follow, like)
    for moment in (now + HOUR, now + HOUR):
        with transaction(engine) as session:
            first = moment == now + HOUR and not ask_ended(engine)
            assert unfollow(session, "v1", "c1", moment, VAULT) is first
            assert unlike(session, "v1", "k1", moment, VAULT) is first
    write(engine, now + HOUR, follow, like)
    for table in ("follow", "content_like"):
        assert ask(engine, f"SELECT since, until FROM {table} ORDER BY since") == [
            (now, now + HOUR),
            (now + HOUR, None),
        ]


def ask_ended(engine: Engine) -> bool:
    return bool(ask(engine, "SELECT 1 FROM follow WHERE until IS NOT NULL"))


def test_follows_in_the_same_moment_leave_one_standing(engine: Engine, now: datetime) -> None:
    furnish(engine, now)
    for _ in range(3):
        write(engine, now, row("follow", viewer="v1", creator="c1"))
        with transaction(engine) as session:
            assert unfollow(session, "v1", "c1", now, VAULT)
    write(engine, now, row("follow", viewer="v1", creator="c1"))
    assert ask(engine, "SELECT count(*) FROM follow WHERE until IS NULL") == [(1,)]
    with transaction(engine) as session:
        assert not unfollow(session, "v1", "nobody", datetime(2026, 1, 1, tzinfo=UTC), VAULT)
