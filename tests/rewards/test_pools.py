"""Pools from the facts to the ledger: who takes part, when a period is split, and that it is split once."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from pool_world import CONTENTS, PoolWorld, day, four_creators, pool, split_model, views
from reward_world import START
from sqlalchemy import Engine

from core.database import transaction
from core.money import Money
from rewards.figures import figures, fill_due
from rewards.pool_period import Period

NOVEMBER = Period(START, date(2026, 11, 30))
COMBINATIONS = {  # grain and per -> weight; all that are allowed
    ("sale", "day"): "amount",
    ("sale", "month"): "amount",
    ("content_day", "day"): "views - 3",
    ("content_day", "month"): "views - 3",
    ("product_day", "day"): "clicks * 1.5",
    ("product_day", "month"): "clicks * 1.5",
    ("creator_day", "day"): "views / 7",
    ("creator_day", "month"): "views / 7",
    ("creator_month", "month"): "views + 2 * clicks",
}


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    return four_creators(engine)


def final_split(world: PoolWorld, last: date) -> int:
    world.final(last)
    world.in_()
    return world.split()


Found = dict[tuple[str, date], dict[str, Fraction]]


def random_facts(world: PoolWorld, chance: random.Random) -> Found:
    """Six days of them, and the weights of their keys by grain and day; of months on their last."""
    found: Found = defaultdict(lambda: defaultdict(Fraction))
    for number in range(1, 7):
        on = day(number)
        for content, creator in CONTENTS.items():
            seen, clicked = chance.randrange(9), chance.randrange(4)
            world.tally(content, on, views=seen, clicks=clicked)
            found["content_day", on][f"{on}/{content}"] += seen - 3
            found["product_day", on][f"{on}/{content}/p"] += Fraction(clicked * 3, 2)
            found["creator_day", on][f"{on}/{creator}"] += seen
            found["creator_month", NOVEMBER.last][f"2026-11/{creator}"] += seen + 2 * clicked
        for content in chance.sample(list(CONTENTS), 2):
            order, amount = f"o{number}{content}", chance.randrange(1, 5) * 10
            back = chance.choice((0, 0, 10, amount))
            world.sale(order, content, on, f"{amount}.00")
            if back:
                world.refund(order, f"{back}.00")
            found["sale", on][f"{order}/p/{content}"] += amount - back
    return {key: _sevenths(weights) if key[0] == "creator_day" else weights for key, weights in found.items()}


def _sevenths(weights: dict[str, Fraction]) -> dict[str, Fraction]:
    """Divided as the language does, cut to 12 decimals."""
    return {key: Fraction(int(weight * 10**12 / 7), 10**12) for key, weight in weights.items()}


def by_period(found: Found, grain: str, per: str) -> Found:
    made: Found = defaultdict(dict)
    for (each, on), weights in found.items():
        if each == grain:
            made[grain, on if per == "day" else NOVEMBER.last] |= weights
    return made


def test_every_grain_by_day_and_month_is_split_as_the_model_says(world: PoolWorld) -> None:
    amounts = {None: 70_000, 2: 100_000_000}
    names = {(*each, top): f"{'_'.join(each)}_{top or 'all'}" for each in COMBINATIONS for top in amounts}
    world.program([
        pool(Money(amounts[top], "RUB").amount, per, COMBINATIONS[grain, per], grain, top, name=name)
        for (grain, per, top), name in names.items()
    ])  # fmt: skip
    world.pools_until(day(7))
    found = random_facts(world, random.Random(5))
    assert final_split(world, NOVEMBER.last) == 4 * 2 * 6 + 5 * 2
    for (grain, per, top), name in names.items():
        asked = by_period(found, grain, per)
        model = {on: split_model(amounts[top], weights, top) for (_, on), weights in asked.items()}
        assert {on: world.owed(name, on) for on in model} == model, name
        assert len(world.owed(name)) == sum(map(len, model.values()))
    assert world.split() == 0
    world.run()
    owed = sum(row.target for row in world.sql("SELECT target FROM reward_target"))
    spent = Money.parse("10000.00", "RUB").micros - Money.parse(world.balance("line"), "RUB").micros
    assert spent == owed > 0


def test_ties_go_to_the_earlier_key_and_who_weighs_nothing_takes_nothing(world: PoolWorld) -> None:
    rules = [pool("0.05", weight="views - 10"), pool("0.05", weight="views - 10", top=2, name="best")]
    world.program(rules)
    views(world, day(3), a1=10, a2=3, b1=13, c1=13, d1=13)
    final_split(world, day(3))
    assert world.owed(day=day(3)) == {
        "2026-11-03/a": 12_500, "2026-11-03/b": 12_500, "2026-11-03/c": 12_500, "2026-11-03/d": 12_500,
    }  # fmt: skip
    assert world.owed("best", day(3)) == {"2026-11-03/a": 25_000, "2026-11-03/b": 25_000}
    world.sql(
        "INSERT INTO tally_content_day (content, day, views, stale) VALUES ('b1', '2026-11-04', 10, false)"
    )
    final_split(world, day(4))
    assert world.owed(day=day(4)) == {}
    rows = world.sql("SELECT keys, weight, paid FROM pool_split s WHERE period = '2026-11-04'")
    assert [tuple(row) for row in rows] == [(0, 0, 0)] * 2


def test_where_says_who_may_take_part(world: PoolWorld) -> None:
    world.program([pool("6.00", where="views >= 5")])
    views(world, day(3), a1=5, b1=4, c1=10)
    final_split(world, day(3))
    assert world.owed(day=day(3)) == {"2026-11-03/a": 2_000_000, "2026-11-03/c": 4_000_000}


def test_one_key_takes_all_and_a_share_of_nothing_keeps_its_weight(world: PoolWorld) -> None:
    world.program([pool("0.01")])
    views(world, day(3), a1=10**9, b1=1)
    views(world, day(4), d1=1)
    final_split(world, day(4))
    assert world.owed(day=day(4)) == {"2026-11-04/d": 10_000}
    rows = world.sql("SELECT key, weight, target FROM reward_target WHERE day = '2026-11-03' ORDER BY key")
    assert [tuple(row) for row in rows] == [("2026-11-03/a", 10**9, 10_000), ("2026-11-03/b", 1, 0)]
    assert world.run() > 0


def join(world: PoolWorld, creator: str, since: str, until: str | None = None) -> None:
    world.sql(
        "INSERT INTO membership (program, creator, since, until) VALUES ('prog', :c, :since, :until)",
        c=creator, since=since, until=until,
    )  # fmt: skip


def test_members_of_an_hour_and_of_before_a_suspension_take_part_for_their_time(world: PoolWorld) -> None:
    """A day counts for who was a member at any moment of it; a month's pool takes its member's days, or the month."""
    rules = [
        pool("90.00", "month", grain="creator_day"),
        pool("90.00", "month", grain="creator_month", name="whole"),
    ]
    world.program(rules, open_to="applications")
    join(world, "a", "2026-10-01 00:00+03")
    join(world, "b", "2026-11-05 12:00+03", "2026-11-05 13:00+03")
    join(world, "c", "2026-10-01 00:00+03", "2026-10-31 23:59+03")
    join(world, "d", "2026-10-01 00:00+03", "2026-11-05 00:00+03")  # suspended as the day began
    for number in (4, 5, 6):
        views(world, day(number), a1=10, b1=10, c1=10, d1=10)
    final_split(world, NOVEMBER.last)
    days = ["2026-11-04/a", "2026-11-04/d", "2026-11-05/a", "2026-11-05/b", "2026-11-06/a"]
    assert world.owed() == dict.fromkeys(days, 18_000_000)
    assert world.owed("whole") == {f"2026-11/{who}": 30_000_000 for who in "abd"}


def test_the_version_of_a_periods_first_day_counts_for_all_of_it(world: PoolWorld) -> None:
    world.program([pool("10.00", "month", grain="content_day"), pool("1.00", name="daily")])
    world.now = datetime(2026, 11, 12, 9, tzinfo=UTC)
    world.version([pool("20.00", "month", grain="content_day"), pool("2.00", name="daily")], day(20))
    views(world, day(2), a1=5)
    views(world, day(25), b1=5)
    views(world, date(2026, 12, 3), a1=1, b1=1)
    final_split(world, date(2026, 12, 31))
    assert world.owed(day=NOVEMBER.last) == {"2026-11-02/a1": 5_000_000, "2026-11-25/b1": 5_000_000}
    assert world.owed(day=date(2026, 12, 31)) == {"2026-12-03/a1": 10_000_000, "2026-12-03/b1": 10_000_000}
    assert (world.owed("daily", day(2)), world.owed("daily", day(25))) == (
        {"2026-11-02/a": 1_000_000}, {"2026-11-25/b": 2_000_000},
    )  # fmt: skip


def test_a_month_begun_before_the_first_version_has_no_pool(world: PoolWorld) -> None:
    world.program([pool("10.00", "month")], since=day(2))
    views(world, day(5), a1=5)
    assert final_split(world, NOVEMBER.last) == 0


def test_caps_cut_shares_and_leave_the_rest_on_the_line(world: PoolWorld) -> None:
    caps = [{"per": "creator_month", "amount": Money.parse("5.00", "RUB")}]
    world.program([pool("9.00", caps=caps)])
    views(world, day(3), a1=2, b1=1)
    views(world, day(4), a1=1)
    final_split(world, day(4))
    assert world.owed() == {"2026-11-03/a": 5_000_000, "2026-11-03/b": 3_000_000, "2026-11-04/a": 0}
    rows = world.sql("SELECT original, uncapped FROM reward_target WHERE key = '2026-11-04/a'")
    assert [tuple(row) for row in rows] == [(9_000_000, 9_000_000)]
    world.run()
    assert (world.balance("a:available"), world.balance("line")) == ("5.00", "9992.00")


def test_a_pool_that_its_line_cannot_pay_waits(world: PoolWorld) -> None:
    world.program([pool("20000.00")])
    views(world, day(3), a1=3, b1=1)
    final_split(world, day(3))
    world.run()
    assert (world.balance("a:available"), world.balance("b:available"), world.balance("line")) == (
        "10000.00",
        "0.00",
        "0.00",
    )


def test_a_late_fact_shows_in_the_figures_and_resplits_nothing(world: PoolWorld) -> None:
    world.program([pool("10.00"), pool("10.00", weight="amount", grain="sale", name="sold")])
    views(world, day(3), a1=1, b1=1)
    world.sale("o1", "a1", day(3), "100.00")
    final_split(world, day(3))
    world.run()
    before = world.sql("SELECT key, target, posted, weight FROM reward_target ORDER BY id")
    views(world, day(3), b1=98)
    world.sale("o2", "b1", day(3), "900.00")
    world.refund("o1", "100.00")
    final_split(world, day(3))
    world.run()
    assert world.sql("SELECT key, target, posted, weight FROM reward_target ORDER BY id") == before
    with transaction(world.engine) as session:
        fill_due(session, "default", day(3), day(3))
        given = figures("creator_day", "default", "RUB")
        now = {row.creator: row.views for row in session.execute(given.select())}
    assert now == {"a": Decimal(1), "b": Decimal(99)}


def test_an_uncounted_sale_or_one_wholly_refunded_weighs_nothing(world: PoolWorld) -> None:
    """Before the split what refunds took weighs nothing, however the weight is written."""
    world.program([pool("10.00", weight="3", grain="sale")])
    world.sale("o1", "a1", day(3), "100.00")
    world.sale("o2", "b1", day(3), "30.00")
    world.sale("o3", "c1", day(3), "100.00")
    world.refund("o1", "100.00")
    world.refund("o2", "10.00")
    final_split(world, day(3))
    whole, part = Fraction(3), Fraction(3 * 20 * 10**12 // 30, 10**12)
    assert world.owed() == split_model(10_000_000, {"o2/p/b1": part, "o3/p/c1": whole})
