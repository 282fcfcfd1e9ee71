"""Why a share of a pool is what it is, or why there is none."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from explain_model import explain_all
from pool_world import PoolWorld, pool
from reward_world import rub
from sqlalchemy import Engine
from test_explain_zero import ask, reason, words

D1, D2, D3 = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    made = PoolWorld(engine, datetime(2026, 11, 2, 9, tzinfo=UTC))
    made.fund()
    made.creators("a", "b", "c")
    for each in ("a1", "b1", "c1"):
        made.content(each, each[0])
    return made


def finish(world: PoolWorld, last: date = D2) -> None:
    world.final(last)
    world.in_()
    world.split()
    world.run()


def test_before_the_split_there_is_an_estimate(world: PoolWorld) -> None:
    world.program([pool("10.00", where="views > 1")])
    world.pools_until(D3)
    world.tally("a1", D1, views=3)
    world.tally("b1", D1, views=1)
    world.tally("c1", D1, views=2)
    story = ask(world, day=D1)
    assert reason(story) == ("waiting", "pool_not_final")
    assert story.rules[0].keys[0].estimate == rub("6.00")
    story = ask(world, "b", day=D1)
    assert reason(story) == ("waiting", "pool_not_final")
    assert words(story).endswith("views is 1, not more than 1.")
    finish(world)
    assert reason(ask(world, day=D1)) == ("paid", None)
    assert reason(ask(world, "b", day=D1)) == ("nothing", "where_not_met")
    for each in explain_all(world.engine, world.settings):
        assert (each["pool"].keys, each["pool"].total_weight, each["changed"]) == (2, Decimal(5), False)
        assert each["rule"]["pool"]["amount"] == rub("10.00")


def test_the_split_tells_its_rounding_and_what_came_after(world: PoolWorld) -> None:
    world.program([pool("10.00")])
    world.pools_until(D3)
    for each in ("a1", "b1", "c1"):
        world.tally(each, D1, views=1)
    finish(world)
    shares = {each["reward"].creator: each["pool"] for each in explain_all(world.engine, world.settings)}
    assert {name: str(each.share) for name, each in shares.items()} == {
        "a": "3.333334 RUB", "b": "3.333333 RUB", "c": "3.333333 RUB",
    }  # fmt: skip
    assert {each.floor for each in shares.values()} == {rub("3.333333")}
    world.tally("b1", D1, views=5)
    world.in_()
    [found] = [each for each in explain_all(world.engine, world.settings) if each["reward"].creator == "b"]
    assert (found["changed"], found["pool"].weight, found["pool"].weight_now) == (
        True,
        Decimal(1),
        Decimal(6),
    )
    assert any("change no share" in each for each in found["sentences"])


def test_nobody_weighed(world: PoolWorld) -> None:
    world.program([pool("10.00", weight="clicks")])
    world.pools_until(D3)
    world.tally("a1", D1, views=3)
    finish(world)
    assert reason(ask(world, day=D1)) == ("nothing", "pool_empty")


def test_outside_the_top_weightless_and_too_late(world: PoolWorld) -> None:
    world.program([pool("10.00", top=1)])
    world.pools_until(D3)
    world.tally("a1", D1, views=3)
    world.tally("b1", D1, views=2)
    finish(world)
    assert reason(ask(world, day=D1)) == ("paid", None)
    story = ask(world, "b", day=D1)
    assert reason(story) == ("nothing", "outside_top")
    assert "The pool is shared among the top 1, of whom the last weighs 3." in words(story)
    story = ask(world, "c", day=D1)
    assert reason(story) == ("nothing", "weight_zero")
    world.tally("b1", D1, views=9)
    assert reason(ask(world, "b", day=D1)) == ("nothing", "came_after_split")


def test_no_member_and_nothing_counted(world: PoolWorld) -> None:
    world.program([pool("10.00")], open_to="applications")
    world.pools_until(D3)
    world.sql("INSERT INTO membership (program, creator, since) VALUES ('prog', 'b', '2026-11-01'), ('prog', 'c', '2026-11-01')")  # fmt: skip
    world.tally("a1", D2, views=3)
    world.tally("b1", D2, views=3)
    finish(world, D2)
    assert reason(ask(world, day=D2)) == ("nothing", "not_enrolled")
    assert reason(ask(world, "b", day=D2)) == ("paid", None)
    assert reason(ask(world, "c", day=D2)) == ("nothing", "no_figures")


def test_a_share_too_small_to_be_paid(world: PoolWorld) -> None:
    world.program([pool("0.000001")])
    world.pools_until(D3)
    world.tally("a1", D1, views=1)
    world.tally("b1", D1, views=9)
    finish(world)
    assert reason(ask(world, day=D1)) == ("nothing", "share_zero")


@pytest.mark.parametrize("grain", ["sale", "content_day", "product_day", "creator_day", "creator_month"])
def test_a_month_by_every_grain(world: PoolWorld, grain: str) -> None:
    weight = "amount" if grain == "sale" else "net_sales"
    world.program([pool("10.00", per="month", grain=grain, weight=weight)])
    world.pools_until(date(2026, 12, 1))
    world.sql("INSERT INTO seller (id, name) VALUES ('s', 's')")
    world.sql(
        "INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p', 's', 'p', 'home', 1, 'RUB')"
    )
    world.sale("o1", "a1", D1, "30.00")
    world.sale("o2", "a1", D2, "20.00")
    world.sale("o3", "b1", D2, "50.00")
    world.refund("o2", "10.00")
    finish(world, date(2026, 11, 30))
    world.refund("o3", "50.00")
    world.in_()
    found = explain_all(world.engine, world.settings)
    assert sum(each["posted"].micros for each in found) == 10_000_000
    assert {each["changed"] for each in found if each["reward"].creator == "b"} == {True}
    story = ask(world, month=D1)
    assert reason(story) == ("paid", None)
