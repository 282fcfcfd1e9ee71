"""The five grains, worked by hand: what counts into a figure, at the edges of days, months and versions."""

from datetime import UTC, date, datetime, timedelta

import pytest
from reward_market import DAY, SETTINGS, Market, OracleRule
from sqlalchemy import Engine, text

from core.database import transaction

FRIDAY = date(2026, 11, 27)
EDGE = timedelta(microseconds=1)


def at(day: date, hours: float = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SETTINGS.zone) + timedelta(hours=hours)


def owed(market: Market) -> dict[tuple[str, str], str]:
    """Units by rule and key, of all that the model agrees to."""
    market.settle()
    with transaction(market.engine) as session:
        rows = session.execute(
            text(
                "SELECT r.name, t.key, trim_scale(t.target * 0.000001)::text FROM reward_target t"
                " JOIN rule r ON r.id = t.rule_id WHERE t.target <> 0 AND NOT t.shadow"
            )
        )
        return {(name, key): units for name, key, units in rows}


@pytest.fixture
def market(engine: Engine) -> Market:
    made = Market(engine, datetime(2026, 11, 27, 9, tzinfo=UTC))
    made.creator("a", "ru")
    made.creator("b", "kz")
    made.product("p", "s1", "home")
    made.product("q", "s2", "toys")
    made.content("a1", "a", at(FRIDAY, 1), "video", "ru")
    made.content("a2", "a", at(FRIDAY, 23), "image", "by")
    made.content("b1", "b", at(FRIDAY - DAY, 1))
    made.fund("main", "RUB", l="10000.00")
    return made


def one(grain: str, **formulas: str) -> list[OracleRule]:
    return [OracleRule(0, name, grain, amount) for name, amount in formulas.items()]


def test_every_name_of_a_day(market: Market) -> None:
    market.program("prog", "main/l")
    names = "views qualified_views watch_hours completes clicks orders units sales refunds net_sales conversion ctr posts followers likes"  # fmt: skip
    each = {name: name for name in names.split()}
    market.version(
        "prog", FRIDAY, *one("content_day", **each), *one("creator_day", **{f"all_{n}": n for n in each})
    )
    market.tally("a1", FRIDAY, 1000, 300, 40, 5_000_000)
    market.tally("a2", FRIDAY, 1, 1, 1, 1_234_567)
    market.click("a1", "p", FRIDAY, 30)
    market.click("a1", "q", FRIDAY, 10)
    market.sale("o1", "p", ["a1"], at(FRIDAY, 5), 7_000_000, 2)
    market.sale("o2", "q", ["a2", "b1"], at(FRIDAY, 24) - EDGE, 5_000_001)
    market.sale("usd", "q", ["a1"], at(FRIDAY, 6), 9_000_000, currency="USD")
    market.refund("o1", 1_500_000)
    market.follow("a", at(FRIDAY, 20), at(FRIDAY, 24))
    market.follow("a", at(FRIDAY, 20), at(FRIDAY, 24) - EDGE)
    market.follow("a", at(FRIDAY, 24))
    market.like("a2", at(FRIDAY - 3 * DAY))
    market.later(hours=40)
    found = owed(market)
    key = f"{FRIDAY}/a1"
    assert {name: found[name, key] for name in each if (name, key) in found} == {
        "views": "1000", "qualified_views": "300", "watch_hours": "1.388889", "completes": "40", "clicks": "40",
        "orders": "1", "units": "2", "sales": "7", "refunds": "1.5", "net_sales": "5.5", "conversion": "0.025",
        "ctr": "0.04", "posts": "1", "followers": "1",
    }  # fmt: skip
    key = f"{FRIDAY}/a"
    assert {name: found[f"all_{name}", key] for name in each} == {
        "views": "1001", "qualified_views": "301", "watch_hours": "1.731824", "completes": "41", "clicks": "40",
        "orders": "1.5", "units": "2.5", "sales": "9.500001", "refunds": "1.5", "net_sales": "8.000001",
        "conversion": "0.0375", "ctr": "0.03996", "posts": "2", "followers": "1", "likes": "1",
    }  # fmt: skip


def test_products_of_a_day_are_the_tagged_the_clicked_and_the_sold(market: Market) -> None:
    market.program("prog", "main/l")
    rules = one(
        "product_day", there="1", clicks="clicks", sales="sales * 0.1", views="if(product = 'p', views, 0)"
    )
    market.version(
        "prog",
        FRIDAY,
        *rules,
        OracleRule(0, "seller", "product_day", "1", "seller = 's2' and kind = 'video'"),
    )
    market.tag("a1", "p", at(FRIDAY - DAY), at(FRIDAY) + EDGE)
    market.tag("a2", "p", at(FRIDAY - DAY), at(FRIDAY))
    market.tag("a2", "q", at(FRIDAY, 24))
    market.tally("a1", FRIDAY, 10)
    market.tally("a2", FRIDAY, 10)
    market.sale("o1", "q", ["a1"], at(FRIDAY, 5), 7_000_000)
    market.click("b1", "q", FRIDAY, 3)
    market.later(hours=40)
    assert {key: units for key, units in owed(market).items() if key[0] != "there"} == {
        ("views", f"{FRIDAY}/a1/p"): "10", ("sales", f"{FRIDAY}/a1/q"): "0.7", ("seller", f"{FRIDAY}/a1/q"): "1",
        ("clicks", f"{FRIDAY}/b1/q"): "3", ("seller", f"{FRIDAY}/b1/q"): "1",
    }  # fmt: skip
    assert {key for name, key in owed(market) if name == "there"} == {
        f"{FRIDAY}/a1/p", f"{FRIDAY}/a1/q", f"{FRIDAY}/b1/q",
    }  # fmt: skip


def test_a_day_and_a_sale_belong_to_the_version_in_force_a_month_to_that_of_its_first_day(
    market: Market,
) -> None:
    market.program("prog", "main/l")
    for since, rate in ((FRIDAY - 2 * DAY, 1), (FRIDAY + DAY, 2), (FRIDAY + 6 * DAY, 3)):
        formulas = {f"sale{rate}": "sale", f"day{rate}": "content_day", f"month{rate}": "creator_month"}
        values = {"sale": "amount", "content_day": "views", "creator_month": "views"}
        market.version(
            "prog", since, *(OracleRule(0, n, g, f"{values[g]} * {rate}") for n, g in formulas.items())
        )
    market.later(days=40)
    for number, moment in enumerate((at(FRIDAY + DAY) - EDGE, at(FRIDAY + DAY))):
        market.sale(f"o{number}", "p", ["a1"], moment, 1_000_000)
    for day, views in ((FRIDAY, 1), (FRIDAY + DAY, 10), (FRIDAY + 5 * DAY, 100), (FRIDAY + 6 * DAY, 1000)):
        market.tally("a1", day, views)
    assert owed(market) == {
        ("sale1", "o0/p/a1"): "1", ("sale2", "o1/p/a1"): "2",
        ("day1", "2026-11-27/a1"): "1", ("day2", "2026-11-28/a1"): "20", ("day2", "2026-12-02/a1"): "200",
        ("day3", "2026-12-03/a1"): "3000", ("month2", "2026-12/a"): "2200",
    }  # fmt: skip


def test_a_sale_keeps_its_category_a_day_has_the_products_own_of_its_pricing(market: Market) -> None:
    market.program("prog", "main/l")
    market.version("prog", FRIDAY, OracleRule(0, "sale", "sale", "amount", "category = 'home'"),
                   OracleRule(0, "day", "product_day", "sales", "category = 'home'"))  # fmt: skip
    market.sale("o1", "p", ["a1"], at(FRIDAY, 5), 7_000_000)
    market.later(hours=40)
    assert owed(market) == {("sale", "o1/p/a1"): "7", ("day", f"{FRIDAY}/a1/p"): "7"}
    market.facts.products["p"] = ("s1", "toys")
    market.write("UPDATE product SET category = 'toys' WHERE id = 'p'")
    market.refund("o1", 1_000_000)
    assert owed(market) == {("sale", "o1/p/a1"): "6"}


def test_a_sale_attributed_to_others_earns_nothing_whatever_the_formula(market: Market) -> None:
    market.program("prog", "main/l")
    market.version("prog", FRIDAY, *one("sale", flat="3", share="amount * 10%"))
    market.sale("o1", "p", ["a1"], at(FRIDAY, 5), 7_000_000)
    market.sale("free", "q", ["a1"], at(FRIDAY, 5), 0)
    assert owed(market) == {("flat", "o1/p/a1"): "3", ("share", "o1/p/a1"): "0.7", ("flat", "free/q/a1"): "3"}
    for order in ("o1", "free"):
        market.reattribute(order, ["b1"])
    assert owed(market) == {("flat", "o1/p/b1"): "3", ("share", "o1/p/b1"): "0.7", ("flat", "free/q/b1"): "3"}
    market.refund("o1", 3_500_000)
    market.reattribute("o1", ["a1", "a2"])
    assert owed(market) == {
        ("flat", "o1/p/a2"): "3", ("share", "o1/p/a2"): "0.35", ("flat", "free/q/b1"): "3",
    }  # fmt: skip


def test_members_earn_for_moments_that_they_were_members(market: Market) -> None:
    market.program("prog", "main/l", open_to="applications")
    market.version("prog", FRIDAY, *one("sale", sale="amount"), *one("content_day", day="views"))
    market.join("prog", "a")  # at noon
    market.later(hours=1)
    market.leave("prog", "a")
    market.join("prog", "b")
    market.leave("prog", "b")  # in the same moment
    for number, hours in enumerate((11.9, 12, 12.9, 13)):
        market.sale(f"o{number}", "p", ["a1"], at(FRIDAY, hours), 1_000_000)
    for content in ("a1", "b1"):
        market.tally(content, FRIDAY, 5)
    market.tally("a1", FRIDAY + DAY, 5)
    market.later(days=3)
    assert owed(market) == {("sale", "o1/p/a1"): "1", ("sale", "o2/p/a1"): "1", ("day", f"{FRIDAY}/a1"): "5"}


def test_who_had_a_share_before_is_protected_even_if_it_comes_late(market: Market) -> None:
    market.program("prog", "main/l", protection=5)
    market.version("prog", FRIDAY, *one("content_day", day="views"))
    market.version("prog", FRIDAY + 2 * DAY, *one("content_day", day="views * 0.4"))
    for content in ("a1", "b1"):
        market.tally(content, FRIDAY + 3 * DAY, 10)
    market.tally("a1", FRIDAY + 7 * DAY, 10)  # past the promise
    market.later(days=10)
    late = f"{FRIDAY + 3 * DAY}"
    days = {("day", f"{late}/a1"): "4", ("day", f"{late}/b1"): "4", ("day", f"{FRIDAY + 7 * DAY}/a1"): "4"}
    assert owed(market) == days
    market.sale("o1", "p", ["a1"], at(FRIDAY + 2 * DAY) - EDGE, 1_000_000)
    market.sale("o2", "p", ["b1"], at(FRIDAY + 2 * DAY), 1_000_000)
    assert owed(market) == days | {("rate_protection", f"{late}/a"): "6"}
