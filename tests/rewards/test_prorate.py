"""A line that falls short of what a rule owes, worked by hand: who waits, who is cut, and what comes later."""

from datetime import UTC, date, datetime

import pytest
from reward_market import SETTINGS, Market, OracleRule
from sqlalchemy import Engine, text

from core.database import transaction

DAY1, DAY2 = date(2026, 12, 1), date(2026, 12, 2)
LINE = ("line", "main/l")
M = 1_000_000


@pytest.fixture
def market(engine: Engine) -> Market:
    made = Market(engine, datetime(2026, 12, 4, 9, tzinfo=UTC))
    for each in "abc":
        made.creator(each)
        made.content(f"{each}1", each, datetime(2026, 11, 1, 9, tzinfo=UTC))
    made.product("p", "s", "home")
    made.fund("main", "RUB", l="40.00")
    made.program("prog", "main/l")
    return made


def rule(name: str, short: str, grain: str = "content_day", amount: str = "views") -> OracleRule:
    return OracleRule(0, name, grain, amount, None, (), short)


def sell(market: Market, order: str, content: str, units: int) -> None:
    market.sale(order, "p", [content], datetime(2026, 12, 1, 9, tzinfo=SETTINGS.zone), units * M)


def test_what_a_line_cannot_pay_is_shared_exactly_and_cut_for_good(market: Market) -> None:
    market.version("prog", DAY1, rule("views", "prorate"))
    for content, views in (("a1", 10), ("b1", 20), ("c1", 61)):
        market.tally(content, DAY1, views)
    market.settle()
    assert {row.key[-2:]: (row.posted, row.cut) for row in market.open()} == {
        "a1": (4_395_604, 5_604_396), "b1": (8_791_209, 11_208_791), "c1": (26_813_187, 34_186_813),
    }  # fmt: skip
    market.top_up(LINE, 1000 * M)
    market.settle()
    assert market.money() == {LINE: 1000 * M}
    assert rewards(market, "a") == [("reward", 10 * M), ("cut", -5_604_396)]


def rewards(market: Market, creator: str) -> list[tuple[str, int]]:
    with transaction(market.engine) as session:
        asked = text("SELECT kind, amount FROM reward WHERE creator = :c ORDER BY id")
        return [(kind, amount) for kind, amount in session.execute(asked, {"c": creator})]


def test_a_lower_target_bears_its_part_of_the_cut_and_a_higher_one_is_owed_the_rest(market: Market) -> None:
    market.version("prog", DAY1, rule("views", "prorate"))
    market.tally("a1", DAY1, 80)
    market.settle()
    assert [(row.posted, row.cut) for row in market.open()] == [(40 * M, 40 * M)]
    market.tally("a1", DAY1, -40)
    market.settle()
    assert ([row.posted for row in market.open()], market.money()) == ([20 * M], {LINE: 20 * M})
    market.tally("a1", DAY1, 60)
    market.settle()
    assert [(row.target, row.posted, row.cut) for row in market.open()] == [(100 * M, 40 * M, 60 * M)]
    market.tally("a1", DAY1, -100)
    market.settle()
    assert ([row.posted for row in market.open()], market.money()) == ([0], {LINE: 40 * M})


def test_an_empty_line_cuts_nothing_and_the_waiting_come_first(market: Market) -> None:
    market.version("prog", DAY1, rule("views", "prorate"), rule("sales", "wait", "sale", "amount"))
    market.tally("a1", DAY1, 30)
    sell(market, "o1", "b1", 60)
    market.settle()
    assert {row.key: (row.posted // M, row.cut) for row in market.open()} == {
        f"{DAY1}/a1": (0, 0), "o1/p/b1": (40, 0),
    }  # fmt: skip
    market.top_up(LINE, 20 * M)
    market.settle()
    assert {row.key: (row.posted // M, row.cut) for row in market.open()} == {
        f"{DAY1}/a1": (0, 0), "o1/p/b1": (60, 0),
    }  # fmt: skip
    market.top_up(LINE, 12 * M)
    market.settle()
    assert {row.key: (row.posted // M, row.cut // M) for row in market.open()} == {
        f"{DAY1}/a1": (12, 18), "o1/p/b1": (60, 0),
    }  # fmt: skip


def test_nothing_is_cut_while_something_that_is_over_waits_to_be_priced(market: Market) -> None:
    market.version("prog", DAY1, rule("views", "prorate"), rule("sales", "prorate", "sale", "amount"))
    market.settle()
    for content in ("a1", "b1"):
        market.tally(content, DAY1, 40)
    market.price(1)
    assert (market.accrue(), market.money()) == (0, {LINE: 40 * M})
    market.price()
    sell(market, "o1", "c1", 40)
    market.write("DELETE FROM changed_day")
    assert (market.accrue(), market.money()) == (0, {LINE: 40 * M})
    market.settle()
    assert {row.key[-2:]: row.posted // M for row in market.open()} == {"a1": 20, "b1": 20, "c1": 0}


def test_a_refund_after_the_cut_takes_back_its_part(market: Market) -> None:
    market.version("prog", DAY1, rule("sales", "prorate", "sale", "amount"))
    for order, content in (("o1", "a1"), ("o2", "b1")):
        sell(market, order, content, 40)
    market.settle()
    market.refund("o1", 30 * M)
    market.settle()
    assert {row.key[:2]: row.posted // M for row in market.open()} == {"o1": 5, "o2": 20}
    assert market.money() == {LINE: 15 * M}


def test_a_refund_after_the_money_was_spent_is_made_good_by_later_earnings(market: Market) -> None:
    market.version("prog", DAY1, rule("sales", "wait", "sale", "amount"))
    sell(market, "o1", "a1", 30)
    market.settle()
    market.refund("o1", 30 * M)
    market.accrue()
    market.settle()
    assert market.money() == {LINE: 40 * M}
    sell(market, "o2", "a1", 15)
    sell(market, "o3", "b1", 25)
    market.settle()
    assert market.money() == {LINE: 0}
