"""What pools are worth before they are split, and that a split gives just what the last estimate said."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pool_world import PoolWorld, pool
from sqlalchemy import Engine

from core.database import transaction
from core.errors import Invalid, NotFound
from core.money import Money
from rewards.pool_estimate import PoolPeriod, PoolShare, list_pools, pool_shares

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
RULES = [
    pool("9.00", "month", grain="creator_month", top=2),
    pool("1.00", weight="amount", grain="sale", name="sold"),
    pool("3.00", weight="clicks", grain="content_day", name="clicked"),
]


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    made = PoolWorld(engine, datetime(2026, 11, 10, 9, tzinfo=UTC))
    made.creators(*"abc")
    for content, creator in {"a1": "a", "a2": "a", "b1": "b", "c1": "c"}.items():
        made.content(content, creator)
    made.fund()
    made.program(RULES)
    made.pools_until(date(2026, 11, 6))
    for number, (content, views, clicks) in enumerate(
        (("a1", 3, 1), ("a2", 2, 1), ("b1", 6, 0), ("c1", 1, 2))
    ):
        made.tally(content, date(2026, 11, 3 + number % 2), views, clicks)
    made.sale("o1", "a1", date(2026, 11, 3), "30.00")
    made.sale("o2", "b1", date(2026, 11, 3), "60.00")
    return made


def pools(world: PoolWorld, since: date = NOVEMBER[0], until: date = NOVEMBER[1], after: Any = None, limit: int = 1000) -> list[PoolPeriod]:  # fmt: skip
    with transaction(world.engine) as session:
        session.connection(execution_options={"postgresql_readonly": True})
        return list_pools(session, "prog", since, until, world.now, world.settings, limit, after)


def parts(world: PoolWorld, rule: str, period: str, creator: str | None = None, after: Any = None, limit: int = 1000) -> list[PoolShare]:  # fmt: skip
    with transaction(world.engine) as session:
        session.connection(execution_options={"postgresql_readonly": True})
        return pool_shares(session, "prog", rule, period, creator, world.now, world.settings, limit, after)


def shown(found: list[PoolShare]) -> list[tuple[str, str]]:
    return [(each.key, each.share.amount) for each in found]


def test_an_estimate_is_what_a_split_would_give_now(world: PoolWorld) -> None:
    assert shown(parts(world, "bonus", "2026-11")) == [("2026-11/b", "4.909091"), ("2026-11/a", "4.090909")]
    assert shown(parts(world, "sold", "2026-11-03")) == [("o2/p/b1", "0.666667"), ("o1/p/a1", "0.333333")]
    world.tally("c1", date(2026, 11, 9), views=99)
    assert shown(parts(world, "bonus", "2026-11")) == [("2026-11/c", "8.490566"), ("2026-11/b", "0.509434")]
    assert all(each.estimate and each.owed is None for each in parts(world, "bonus", "2026-11"))


def test_the_split_gives_what_the_last_estimate_said(world: PoolWorld) -> None:
    world.final(NOVEMBER[1])
    world.in_()
    names = [(each.rule, each.period) for each in pools(world)]
    before = {name: parts(world, *name) for name in names}
    totals = {(each.rule, each.period): (each.keys, each.weight) for each in pools(world)}
    assert world.split() == len(names) == 11
    after = {name: parts(world, *name) for name in names}
    assert {name: shown(each) for name, each in after.items()} == {
        name: shown(each) for name, each in before.items()
    }
    assert [each.weight for found in after.values() for each in found] == [
        each.weight for found in before.values() for each in found
    ]
    assert {(each.rule, each.period): (each.keys, each.weight) for each in pools(world)} == totals
    assert not any(each.estimate for found in after.values() for each in found)
    assert all(each.owed == each.share for found in after.values() for each in found)


def test_a_period_is_open_then_closing_then_split(world: PoolWorld) -> None:
    day = date(2026, 11, 3)

    def state() -> tuple[str, str | None]:
        found = next(each for each in pools(world, day, day) if each.rule == "sold")
        return found.state, found.paid.amount if found.paid else None

    world.at(day, hour=23)
    assert state() == ("open", None)
    world.at(date(2026, 11, 4), hour=0)
    assert state() == ("closing", None)
    world.final(day)
    world.in_()
    assert state() == ("closing", None)
    world.split()
    assert state() == ("split", "1.00")


def test_the_list_shows_begun_periods_of_the_days_asked_for(world: PoolWorld) -> None:
    world.at(date(2026, 11, 5))
    found = pools(world, date(2026, 11, 4), date(2027, 11, 4))
    assert [(each.rule, each.period) for each in found] == [
        ("bonus", "2026-11"), ("sold", "2026-11-04"), ("clicked", "2026-11-04"), ("sold", "2026-11-05"), ("clicked", "2026-11-05"),
    ]  # fmt: skip
    month = found[0]
    assert (month.keys, month.weight, month.amount, month.paid) == (2, 11, Money.parse("9.00", "RUB"), None)
    assert (month.version, month.grain, month.per) == (1, "creator_month", "month")
    assert month.final_at.isoformat() == "2026-12-08T01:00:00+03:00"
    assert [(each.keys, each.weight) for each in found[1:]] == [(0, 0), (2, 3), (0, 0), (0, 0)]
    third = pools(world, date(2026, 11, 3), date(2026, 11, 3))
    assert [(each.rule, each.keys, each.weight) for each in third] == [
        ("bonus", 2, 11),
        ("sold", 2, 90),
        ("clicked", 1, 1),
    ]


def test_pages_go_on_where_the_last_ended(world: PoolWorld) -> None:
    whole = pools(world)
    paged: list[PoolPeriod] = []
    while more := pools(world, after=list(paged[-1].order) if paged else None, limit=2):
        paged += more
    assert paged == whole
    for split in (False, True):
        if split:
            world.final(NOVEMBER[1])
            world.in_()
            world.split()
        world_shares = parts(world, "clicked", "2026-11-04")
        some: list[PoolShare] = []
        while more_shares := parts(world, "clicked", "2026-11-04", after=[some[-1].share.micros, some[-1].key] if some else None, limit=1):  # fmt: skip
            some += more_shares
        assert some == world_shares and len(some) == 2


def test_one_creator_sees_its_own_line_of_the_whole_split(world: PoolWorld) -> None:
    assert shown(parts(world, "bonus", "2026-11", "a")) == [("2026-11/a", "4.090909")]
    assert parts(world, "bonus", "2026-11", "c") == []
    world.final(NOVEMBER[1])
    world.in_()
    world.split()
    assert shown(parts(world, "bonus", "2026-11", "a")) == [("2026-11/a", "4.090909")]


NOWHERE = {"none": ["2026-11"], "bonus": ["2026-11-03", "2026-10", "2026-12"], "sold": [
    "2026-11", "2026-11-06", "20261103", "2026-W45-2", "2026-11-31", "x"]}  # fmt: skip


def test_what_is_no_pool_is_not_found(world: PoolWorld) -> None:
    for rule, periods in NOWHERE.items():
        for period in periods:
            with pytest.raises(NotFound):
                parts(world, rule, period)


def test_a_list_is_of_a_year_at_most_and_of_a_program_that_is(world: PoolWorld) -> None:
    for since, until in ((date(2026, 11, 2), date(2026, 11, 1)), (date(2026, 1, 1), date(2027, 1, 3))):
        with pytest.raises(Invalid, match="366"):
            pools(world, since, until)
    with transaction(world.engine) as session, pytest.raises(NotFound):
        list_pools(session, "none", *NOVEMBER, world.now, world.settings, 10, None)
