"""What a version changes, in words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from reward_world import START, World, rub
from sqlalchemy import Engine

from core.database import transaction
from core.errors import NotFound
from rewards.diff import Diff, diff_versions
from rewards.versions import draft_version

SALE = {"name": "commission", "grain": "sale", "amount": "amount * 5%"}
STARS = {"name": "stars", "grain": "creator_month",
         "pool": {"amount": rub("1000.00"), "per": "month", "weight": "views", "top": 100}}  # fmt: skip
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
LATER = date(2026, 12, 1)


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.fund()
    return made


def differ(world: World, rules: list[dict[str, Any]], against: int | None = None) -> Diff:
    with transaction(world.engine) as session:
        made = draft_version(session, "prog", LATER, rules, "op")
        return diff_versions(session, "prog", made.number, against)


def test_an_amount_that_changes_is_told_with_both(world: World) -> None:
    world.program([SALE])
    found = differ(world, [SALE | {"amount": "amount * 10%"}])
    assert (found.against, found.version) == (1, 2)
    assert found.changes == [
        "It starts on 2026-12-01; version 1 on 2026-11-01.",
        "Rule commission: amount was `amount * 5%`, is now `amount * 10%`.",
    ]
    [rule] = found.rules
    assert (rule["name"], rule["change"], rule["was"]["amount"], rule["now"]["amount"]) == (
        "commission", "changed", "amount * 5%", "amount * 10%",
    )  # fmt: skip


def test_a_formula_that_is_only_written_otherwise_is_the_same(world: World) -> None:
    world.program([SALE | {"where": "category = 'home'"}])
    found = differ(world, [SALE | {"amount": "amount*0.05", "where": 'category  =  "home"'}])
    assert [each["change"] for each in found.rules] == ["same"]
    assert len(found.changes) == 1


def test_rules_come_and_go(world: World) -> None:
    world.program(
        [SALE, {"name": "old", "grain": "creator_day", "amount": "posts * 10", "where": "posts > 1"}]
    )
    reach = {"name": "reach", "grain": "content_day", "amount": "views * 0.01", "on_shortfall": "prorate",
             "caps": [{"per": "creator_day", "amount": rub("5.00")}]}  # fmt: skip
    found = differ(world, [SALE, reach, STARS])
    assert {each["name"]: each["change"] for each in found.rules} == {
        "commission": "same", "reach": "added", "stars": "added", "old": "removed",
    }  # fmt: skip
    assert found.changes[1:] == [
        "Rule reach is new: `views * 0.01` for each content_day, at most 5.00 RUB a day for a creator, "
        "prorated when the line falls short.",
        "Rule stars is new: a pool of 1000.00 RUB a month, shared among the top 100 by `views`, "
        "for each creator_month.",
        "Rule old is gone; it was: `posts * 10` for each creator_day where `posts > 1`.",
    ]
    assert "was" not in found.rules[1] and "now" not in found.rules[3]


def test_every_part_of_a_rule_is_told(world: World) -> None:
    caps = [{"per": "creator_day", "amount": rub("5.00")}, {"per": "program_day", "amount": rub("50.00")}]
    world.program([SALE | {"caps": caps}, STARS | {"where": "views > 10"}])
    shared = {"amount": rub("2000.00"), "per": "day", "weight": "clicks"}
    found = differ(
        world,
        [
            {"name": "commission", "grain": "content_day", "amount": "views", "where": "views > 5", "on_shortfall": "prorate",
             "caps": [{"per": "creator_day", "amount": rub("6.00")}, {"per": "creator_month", "amount": rub("7.00")}]},
            {"name": "stars", "grain": "creator_day", "pool": shared},
        ],
    )  # fmt: skip
    assert found.changes[1:] == [
        "Rule commission: grain was sale, is now content_day.",
        "Rule commission: amount was `amount * 5%`, is now `views`.",
        "Rule commission: on_shortfall was wait, is now prorate.",
        "Rule commission: where is new: `views > 5`.",
        "Rule commission: the cap a day for a creator was 5.00 RUB, is now 6.00 RUB.",
        "Rule commission: a new cap of 7.00 RUB a month for a creator.",
        "Rule commission: the cap of 50.00 RUB a day for all is gone.",
        "Rule stars: grain was creator_month, is now creator_day.",
        "Rule stars: where was `views > 10`, is gone.",
        "Rule stars: pool was 1000.00 RUB a month, is now 2000.00 RUB a day.",
        "Rule stars: weight was `views`, is now `clicks`.",
        "Rule stars: top was 100, is gone.",
    ]


def test_it_is_compared_with_the_one_in_force_before_it_or_with_any_other(world: World) -> None:
    world.program([SALE], rate_protection_days=30)
    world.version([SALE | {"amount": "amount * 7%"}], date(2026, 11, 20))
    world.version([SALE | {"amount": "amount * 9%"}], date(2026, 12, 20))
    found = differ(world, [SALE])
    assert found.against == 2
    assert found.changes == [
        "It starts on 2026-12-01; version 2 on 2026-11-20.",
        "For 30 days who was there before earns no less a day than by version 2.",
        "Rule commission: amount was `amount * 7%`, is now `amount * 5%`.",
    ]
    assert differ(world, [SALE], against=3).changes[-1].endswith("was `amount * 9%`, is now `amount * 5%`.")
    with pytest.raises(NotFound):
        differ(world, [SALE], against=99)
    with transaction(world.engine) as session:
        first = diff_versions(session, "prog", 1)
    assert (first.against, first.changes[0]) == (None, f"The first version, from {START}.")
    assert [each["change"] for each in first.rules] == ["added"]
