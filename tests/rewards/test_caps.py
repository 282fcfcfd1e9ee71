"""Caps worked by hand: each scope, two at once, refunds that free room, and the same result in any order."""

import itertools
from datetime import UTC, date, datetime

import pytest
from reward_market import DAY, SETTINGS, Market, OracleRule
from sqlalchemy import Engine

MONDAY = date(2026, 11, 30)
M = 1_000_000


@pytest.fixture
def market(engine: Engine) -> Market:
    made = Market(engine, datetime(2026, 12, 20, 9, tzinfo=UTC))
    for each in "ab":
        made.creator(each)
        made.content(f"{each}1", each, datetime(2026, 11, 1, 9, tzinfo=UTC))
    made.product("p", "s", "home")
    made.fund("main", "RUB", l="10000.00")
    return made


def program(market: Market, *caps: tuple[str, int], hold: int = 0) -> None:
    market.program("prog", "main/l", hold=hold)
    limits = tuple((per, units * M) for per, units in caps)
    market.version("prog", date(2026, 11, 1), OracleRule(0, "sale", "sale", "amount", None, limits))


def sell(market: Market, order: str, creator: str, day: date, hour: int, units: int) -> None:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=SETTINGS.zone)
    market.sale(order, "p", [f"{creator}1"], at, units * M)


def found(market: Market) -> dict[str, int]:
    market.settle()
    return {row.key.split("/")[0]: row.target // M for row in market.open()}


SALES = [
    ("o1", "a", MONDAY, 9, 6), ("o2", "b", MONDAY, 10, 6), ("o3", "a", MONDAY, 11, 6),
    ("o4", "a", MONDAY + DAY, 9, 6), ("o5", "b", MONDAY - DAY, 9, 6),
]  # fmt: skip
WORKED = [
    ((("creator_day", 10),), {"o1": 6, "o2": 6, "o3": 4, "o4": 6, "o5": 6}),
    ((("creator_month", 10),), {"o1": 6, "o2": 4, "o3": 4, "o4": 6, "o5": 6}),
    ((("program_day", 10),), {"o1": 6, "o2": 4, "o3": 0, "o4": 6, "o5": 6}),
    ((("program_month", 15),), {"o1": 6, "o2": 3, "o3": 0, "o4": 6, "o5": 6}),
    # Each by itself over the uncapped sums: o3 has 6 before it in its creator's day, 18 in its month.
    ((("creator_day", 7), ("program_month", 20)), {"o1": 6, "o2": 6, "o3": 1, "o4": 6, "o5": 6}),
]


@pytest.mark.parametrize(("caps", "worked"), WORKED, ids=lambda value: "-".join(p for p, _ in value) if isinstance(value, tuple) else "")  # fmt: skip
def test_a_cap_cuts_the_running_sum_of_its_scope(
    market: Market, caps: tuple[tuple[str, int], ...], worked: dict[str, int]
) -> None:
    program(market, *caps)
    for each in SALES:
        sell(market, *each)
    assert found(market) == worked


def test_the_order_of_arrival_is_nothing_to_a_cap(market: Market) -> None:
    program(market, ("program_day", 10))
    for i, order in enumerate(itertools.permutations("xyz")):
        for name in order:
            sell(market, f"{name}{i}", "a", MONDAY - i * DAY, 9 + "xyz".index(name), 4)
            market.price()
            market.accrue()
    assert {(key[0], units) for key, units in found(market).items()} == {("x", 4), ("y", 4), ("z", 2)}


def test_sales_of_one_moment_are_capped_in_the_order_of_their_keys(market: Market) -> None:
    program(market, ("creator_day", 10))
    for name in ("Z", "a", "_"):
        sell(market, name, "a", MONDAY, 9, 6)
    assert found(market) == {"Z": 6, "_": 4, "a": 0}  # by bytes


def test_a_refund_frees_room_for_later_ones_each_in_its_own_pot(market: Market) -> None:
    """The first day has matured: what it loses leaves available. The others have not: what they gain waits."""
    market.now = datetime(2026, 12, 4, 9, tzinfo=UTC)
    program(market, ("creator_month", 10), hold=2)
    for number in range(3):
        sell(market, f"o{number}", "a", date(2026, 12, 1 + number), 9, 6)
    assert found(market) == {"o0": 6, "o1": 4, "o2": 0}
    pots = ("available", "pending")
    assert [balance(market, "a", pot) for pot in pots] == [6, 4]
    market.refund("o0", 5 * M)
    assert found(market) == {"o0": 1, "o1": 6, "o2": 3}
    assert [balance(market, "a", pot) for pot in pots] == [1, 9]
    market.later(days=2)
    market.settle()
    assert [balance(market, "a", pot) for pot in pots] == [10, 0]


def balance(market: Market, creator: str, pot: str) -> int:
    held = market.write(
        "SELECT -b.balance FROM account a JOIN balance b ON b.account_id = a.id WHERE a.code = :c",
        c=f"liabilities:creator:{creator}:{pot}",
    )
    return int(held or 0) // M


def test_a_new_version_begins_its_caps_anew_and_the_old_ones_promise_goes_on(market: Market) -> None:
    """10 a month: in version 1 the third sale would have 0, so nothing is missing in version 2, which pays half."""
    market.program("prog", "main/l", protection=10)
    market.version(
        "prog", date(2026, 11, 1), OracleRule(0, "old", "sale", "amount", None, (("creator_month", 15 * M),))
    )
    market.version(
        "prog",
        date(2026, 12, 3),
        OracleRule(0, "new", "sale", "amount * 50%", None, (("creator_month", 4 * M),)),
    )
    sell(market, "before", "a", date(2026, 11, 30), 9, 1)
    for number in range(4):
        sell(market, f"o{number}", "a", date(2026, 12, 2 + number), 9, 6)
    market.settle()
    paid = {(row.key.split("/")[0], row.shadow): row.target // M for row in market.open()}
    assert paid == {
        ("before", False): 1, ("o0", False): 6,
        ("o1", True): 6, ("o2", True): 3, ("o3", True): 0,
        ("o1", False): 3, ("o2", False): 1, ("o3", False): 0,
        ("2026-12-03", False): 3, ("2026-12-04", False): 2,
    }  # fmt: skip
