"""Programs that sellers pay for: each its own sales, first come, first served, and refunds back to it at once."""

from datetime import UTC, date, datetime

import pytest
from reward_market import DAY, SETTINGS, Market, OracleRule
from sqlalchemy import Engine

DAY1 = date(2026, 12, 1)
RICH, POOR = ("seller", "rich/RUB"), ("seller", "poor/RUB")
M = 1_000_000


@pytest.fixture
def market(engine: Engine) -> Market:
    made = Market(engine, datetime(2026, 12, 4, 9, tzinfo=UTC))
    for each in "ab":
        made.creator(each)
        made.content(f"{each}1", each, datetime(2026, 11, 1, 9, tzinfo=UTC))
    made.product("p", "poor", "home")
    made.product("r", "rich", "home")
    made.top_up(POOR, 10 * M)
    made.top_up(RICH, 100 * M)
    return made


def program(market: Market, *rules: OracleRule, protection: int = 0, hold: int = 0) -> None:
    market.program("prog", None, hold=hold, protection=protection)
    market.version("prog", DAY1, *rules)


def sell(market: Market, order: str, product: str, units: int, content: str = "a1", day: date = DAY1) -> None:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=SETTINGS.zone)
    market.sale(order, product, [content], at, units * M)


def posted(market: Market) -> dict[str, int]:
    market.settle()
    return {row.key: row.posted // M for row in market.open() if row.due}


SALE = OracleRule(0, "sale", "sale", "amount")


def test_each_pays_its_own_and_none_waits_for_another(market: Market) -> None:
    program(market, SALE)
    for order in ("o1", "o2"):
        sell(market, order, "p", 8, "b1")
        sell(market, f"{order}r", "r", 8)
    assert posted(market) == {"o1/p/b1": 8, "o2/p/b1": 2, "o1r/r/a1": 8, "o2r/r/a1": 8}
    assert market.money() == {POOR: 0, RICH: 84 * M}
    market.top_up(POOR, 3 * M)
    assert posted(market)["o2/p/b1"] == 5
    market.top_up(POOR, 30 * M)
    assert (posted(market)["o2/p/b1"], market.money()[POOR]) == (8, 27 * M)


def test_a_refund_credits_the_seller_at_once_and_pays_who_waits(market: Market) -> None:
    program(market, SALE)
    sell(market, "o1", "p", 10)
    sell(market, "o2", "p", 10, "b1")
    assert posted(market) == {"o1/p/a1": 10, "o2/p/b1": 0}
    market.refund("o1", 4 * M)
    market.price()
    market.accrue()
    assert {row.key: row.posted // M for row in market.open()} == {"o1/p/a1": 6, "o2/p/b1": 4}
    market.refund("o2", 10 * M)
    assert posted(market) == {"o1/p/a1": 6}
    assert market.money()[POOR] == 4 * M


def test_a_day_of_products_of_two_sellers_is_paid_by_both(market: Market) -> None:
    program(market, OracleRule(0, "clicks", "product_day", "clicks"))
    market.click("a1", "p", DAY1, 12)
    market.click("a1", "r", DAY1, 12)
    assert posted(market) == {f"{DAY1}/a1/p": 10, f"{DAY1}/a1/r": 12}
    market.write("UPDATE product SET seller = 'rich' WHERE id = 'p'")  # who pays for a day stays
    market.facts.products["p"] = ("poor", "home")
    market.top_up(POOR, 5 * M)
    assert (posted(market)[f"{DAY1}/a1/p"], market.money()) == (12, {POOR: 3 * M, RICH: 88 * M})


def test_each_seller_makes_good_what_a_new_version_took(market: Market) -> None:
    """Version 2 pays twice as much for the poor one's product and nothing for the rich one's: the sums do not mix."""
    program(market, SALE, protection=3)
    rules = (
        OracleRule(0, "sale", "sale", "amount * 2", "product = 'p'"),
        OracleRule(0, "clicks", "product_day", "clicks"),
    )
    market.version("prog", DAY1 + DAY, *rules)
    sell(market, "o0", "p", 1)
    for order, product, units in (("o1", "p", 2), ("o2", "r", 9)):
        sell(market, order, product, units, day=DAY1 + DAY)
    market.click("a1", "r", DAY1 + DAY, 4)
    assert posted(market) == {
        "o0/p/a1": 1, "o1/p/a1": 4, f"{DAY1 + DAY}/a1/r": 4, f"{DAY1 + DAY}/a/rich": 5,
    }  # fmt: skip
    assert market.money() == {POOR: 5 * M, RICH: 91 * M}


def test_what_one_seller_owes_in_two_programs_goes_by_day_then_key_then_rule(market: Market) -> None:
    program(market, SALE)
    market.program("other", None)
    market.version("other", DAY1, SALE)
    sell(market, "o2", "p", 4)
    sell(market, "o1", "p", 4, day=DAY1 + DAY)
    market.price()
    for known in (["prog"], ["other", "prog"]):
        market.accrue(1)
        assert sorted(row.program for row in market.open() if row.posted == 4 * M) == known
    market.settle()
    assert sorted((row.program, row.key[:2], row.posted // M) for row in market.open()) == [
        ("other", "o1", 0), ("other", "o2", 4), ("prog", "o1", 2), ("prog", "o2", 4),
    ]  # fmt: skip
