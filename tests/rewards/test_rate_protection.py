"""Rate protection from outside: who was there before a later version started earns no less by it, for the promised days.

The first version pays 10 % from the 1st, a later one less from the 12th; five days are promised. All runs are on the 25th,
when every day asked about is over.
"""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from reward_world import World, rub
from sqlalchemy import Engine

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
THEN = datetime(2026, 11, 25, 9, tzinfo=UTC)
SALE = {"name": "commission", "grain": "sale", "amount": "amount * 10%"}


def day(number: int) -> date:
    return date(2026, 11, number)


def percent(rate: int, **more: Any) -> dict[str, Any]:
    return SALE | {"amount": f"amount * {rate}%"} | more


def cap(amount: str) -> list[dict[str, Any]]:
    return [{"per": "creator_day", "amount": rub(amount)}]


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.fund()
    made.creators("a", "b")
    for content, creator in {"a1": "a", "b1": "b"}.items():
        made.content(content, creator)
    return made


def begin(world: World, *rules: dict[str, Any], **more: Any) -> None:
    """The program, of which a is a member from the 5th and b from the 13th."""
    world.program(list(rules), open_to="applications", rate_protection_days=5, **more)
    for creator, joined in (("a", day(5)), ("b", day(13))):
        world.sql(
            "INSERT INTO membership (program, creator, since) VALUES ('prog', :c, :d)", c=creator, d=joined
        )


def finish(world: World) -> None:
    world.now = THEN
    world.run()


def earned(world: World, creator: str = "a") -> dict[tuple[int, str], str]:
    """(day, rule) -> what was posted."""
    rows = world.sql(
        "SELECT t.day, r.name, sum(t.posted) FROM reward_target t JOIN rule r ON r.id = t.rule_id"
        " WHERE t.creator = :c AND t.posted <> 0 GROUP BY 1, 2",
        c=creator,
    )
    return {(row[0].day, row[1]): f"{row[2] / 1_000_000:g}" for row in rows}


def test_what_is_missing_is_paid_to_who_was_there_and_for_the_promised_days(world: World) -> None:
    begin(world, percent(10))
    world.version([percent(4)], day(12))
    for number in (11, 12, 16, 17):
        world.sale(f"a{number}", "a1", day(number), "100.00")
    for number in (14, 16):
        world.sale(f"b{number}", "b1", day(number), "100.00")
    finish(world)
    assert earned(world) == {
        (11, "commission"): "10", (12, "commission"): "4", (12, "rate_protection"): "6",
        (16, "commission"): "4", (16, "rate_protection"): "6", (17, "commission"): "4",
    }  # fmt: skip
    assert earned(world, "b") == {(14, "commission"): "4", (16, "commission"): "4"}
    assert (world.balance("a:available"), world.balance("b:available")) == ("34.00", "8.00")
    assert world.balance("line") == "9958.00"
    assert world.run() == 0


def test_without_a_promise_a_later_version_pays_what_it_says(world: World) -> None:
    world.program([percent(10)])
    world.version([percent(4)], day(12))
    world.sale("o", "a1", day(12), "100.00")
    finish(world)
    assert earned(world) == {(12, "commission"): "4"}


def test_a_version_that_pays_more_owes_nothing_besides(world: World) -> None:
    begin(world, percent(10))
    world.version([percent(11)], day(12))
    world.sale("o", "a1", day(12), "100.00")
    finish(world)
    assert earned(world) == {(12, "commission"): "11"}


def test_the_sum_of_the_day_counts_and_not_each_rule(world: World) -> None:
    """Sales earn less, views earn more: together as before, so nothing is missing on a day with both."""
    reach = {"name": "reach", "grain": "content_day", "amount": "views * 0.01"}
    begin(world, percent(10), reach)
    world.version([percent(4), reach | {"amount": "views * 0.02"}], day(12))
    for number, views in ((13, 600), (14, 100)):
        world.sale(f"o{number}", "a1", day(number), "100.00")
        world.tally("a1", day(number), views=views)
    finish(world)
    assert earned(world) == {
        (13, "commission"): "4", (13, "reach"): "12",
        (14, "commission"): "4", (14, "reach"): "2", (14, "rate_protection"): "5",
    }  # fmt: skip


def test_a_rule_that_is_gone_is_promised_too(world: World) -> None:
    posting = {"name": "posting", "grain": "creator_day", "amount": "posts * 7"}
    begin(world, posting)
    world.version([percent(4)], day(12))
    world.content("a2", "a", day(13))
    finish(world)
    assert earned(world) == {(13, "rate_protection"): "7"}


def test_refunds_flow_through(world: World) -> None:
    begin(world, percent(10))
    world.version([percent(4)], day(12))
    world.sale("o", "a1", day(12), "100.00")
    finish(world)
    world.refund("o", "50.00")
    world.run()
    assert earned(world) == {(12, "commission"): "2", (12, "rate_protection"): "3"}
    assert world.balance("a:available") == "5.00"
    world.refund("o", "50.00")
    world.run()
    assert earned(world) == {}
    assert (world.balance("a:available"), world.balance("line")) == ("0.00", "10000.00")


@pytest.mark.parametrize(
    ("before", "after", "own", "made_good"),
    [
        (percent(10, caps=cap("6.00")), percent(4), "4", "2"),
        (percent(10), percent(10, caps=cap("3.00")), "3", "7"),
        (percent(10, caps=cap("6.00")), percent(20, caps=cap("5.00")), "5", "1"),
    ],
)
def test_caps_count_on_both_sides(
    world: World, before: dict[str, Any], after: dict[str, Any], own: str, made_good: str
) -> None:
    begin(world, before)
    world.version([after], day(12))
    world.sale("o", "a1", day(12), "100.00")
    finish(world)
    assert earned(world) == {(12, "commission"): own, (12, "rate_protection"): made_good}


def test_of_several_versions_the_best_whose_promise_runs_counts(world: World) -> None:
    """10 % until the 12th (promised to the 16th), 8 % until the 14th (promised to the 18th), then 6 %."""
    begin(world, percent(10))
    world.version([percent(8)], day(12))
    world.version([percent(6)], day(14))
    for number in (13, 15, 18, 19):
        world.sale(f"a{number}", "a1", day(number), "100.00")
    for number in (13, 15, 18):
        world.sale(f"b{number}", "b1", day(number), "100.00")
    finish(world)
    assert earned(world) == {
        (13, "commission"): "8", (13, "rate_protection"): "2",
        (15, "commission"): "6", (15, "rate_protection"): "4",
        (18, "commission"): "6", (18, "rate_protection"): "2", (19, "commission"): "6",
    }  # fmt: skip
    # b came on the 13th: the first version promised it nothing, the second did.
    assert earned(world, "b") == {
        (13, "commission"): "8", (15, "commission"): "6", (15, "rate_protection"): "2",
        (18, "commission"): "6", (18, "rate_protection"): "2",
    }  # fmt: skip


def test_a_version_that_is_activated_later_may_start_before_another_and_is_promised_too(world: World) -> None:
    world.program([percent(6)], open_to="all", rate_protection_days=5, since=day(14))
    world.version([percent(10)], day(12))
    for number in (13, 15):
        world.sale(f"o{number}", "a1", day(number), "100.00")
    finish(world)
    assert earned(world) == {
        (13, "commission"): "10", (15, "commission"): "6", (15, "rate_protection"): "4",
    }  # fmt: skip


def test_where_all_are_members_who_had_a_share_before_was_there(world: World) -> None:
    world.program([percent(10)], rate_protection_days=5)
    world.version([percent(4)], day(12))
    world.sale("before", "a1", day(11), "100.00")
    for creator in "ab":
        world.sale(f"after_{creator}", f"{creator}1", day(13), "100.00")
    finish(world)
    assert earned(world)[13, "rate_protection"] == "6"
    assert earned(world, "b") == {(13, "commission"): "4"}


def test_pools_and_months_are_not_promised(world: World) -> None:
    month = {"name": "monthly", "grain": "creator_month", "amount": "posts * 100"}
    shared = {"amount": rub("100.00"), "per": "day", "weight": "views"}
    begin(world, {"name": "stars", "grain": "creator_day", "pool": shared}, month, percent(4))
    world.version([percent(4)], day(12))
    world.tally("a1", day(13), views=100)
    world.sale("o", "a1", day(13), "100.00")
    finish(world)
    assert earned(world)[13, "commission"] == "4"
    assert "rate_protection" not in {rule for _, rule in earned(world)}


def test_a_shadow_is_never_paid(world: World) -> None:
    """What the version before would have owed is kept to compare with; no rule of it posts after its end."""
    begin(world, percent(10))
    world.version([percent(4)], day(12))
    world.sale("o", "a1", day(12), "100.00")
    finish(world)
    shadows = world.sql("SELECT target, due, posted FROM reward_target WHERE shadow").all()
    assert [tuple(each) for each in shadows] == [(10_000_000, 0, 0)]
