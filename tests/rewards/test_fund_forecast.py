"""When a line runs dry: plain cases, and a line with its fund against a walk through the days."""

from datetime import date, timedelta
from random import Random

import pytest

from rewards.forecast import Ahead, a_day, dry_days, lasts_until

TODAY = date(2026, 11, 10)


def ahead(per: str = "once", holds: int = 0, daily: int = 10, **more: object) -> Ahead:
    given = {"rollover": True, "allocation": 0, "owed": 0} | more
    return Ahead("l", per, holds=holds, daily=daily, **given)  # type: ignore[arg-type]


def day(n: int) -> date:
    return TODAY + timedelta(n)


@pytest.mark.parametrize(
    ("line", "unallocated", "expected"),
    [
        (ahead(holds=100), 0, day(11)),
        (ahead(holds=99), 0, day(10)),
        (ahead(holds=100, daily=0), 0, None),
        (ahead(holds=0), 0, TODAY),
        (ahead(holds=0, daily=0), 0, None),
        (ahead("day", holds=5, allocation=10), 10**6, None),
        (ahead("day", holds=5, allocation=9), 10**6, day(6)),
        (ahead("day", holds=5, allocation=9, rollover=False), 10**6, day(1)),
        (ahead("day", holds=10, allocation=10), 25, day(4)),
        (ahead("month", holds=300, allocation=300), 10**6, None),
        (ahead("month", holds=200, allocation=300), 10**6, day(51)),
        (ahead("month", holds=210, allocation=310), 310, day(53)),
        (ahead(holds=5, owed=20), 20, day(3)),
    ],
)
def test_a_line_runs_dry(line: Ahead, unallocated: int, expected: date | None) -> None:
    assert dry_days([line], unallocated, TODAY) == {"l": expected}


def test_lines_share_what_is_unallocated_in_their_order() -> None:
    one = Ahead("a", "day", True, 10, 0, 0, 0)  # takes, and spends nothing
    two = Ahead("b", "day", True, 10, 10, 0, 10)
    assert dry_days([one, two], 40, TODAY)["b"] == day(4)


def test_what_a_line_spends_a_day() -> None:
    week = {day(-n): 70 for n in range(1, 8)} | {TODAY: 10**6}
    assert a_day(week, None, TODAY) == 70, "today is not over"
    assert a_day({day(-1): 40}, day(-2), TODAY) == 20
    assert a_day({TODAY: 33}, TODAY, TODAY) == 33
    assert a_day({day(-1): -5}, None, TODAY) == 0, "more came back than went"
    assert a_day({day(-8): 700}, None, TODAY) == 0


def test_what_it_holds_lasts_until() -> None:
    assert lasts_until(100, 10, TODAY) == day(10)
    assert lasts_until(101, 10, TODAY) == day(11)
    assert lasts_until(-5, 10, TODAY) == TODAY
    assert lasts_until(10**18, 1, TODAY) is None
    assert lasts_until(100, 0, TODAY) is None


def test_more_money_never_makes_it_dry_earlier() -> None:
    chance = Random(5)
    for _ in range(100):
        made = {
            "per": chance.choice(["once", "day", "month"]),
            "daily": chance.randrange(1, 50),
            "allocation": chance.randrange(0, 500),
            "rollover": chance.random() < 0.5,
        }
        holds, pot = chance.randrange(0, 500), chance.randrange(0, 5000)
        less = dry_days([ahead(holds=holds, **made)], pot, TODAY)["l"]
        more = dry_days([ahead(holds=holds + chance.randrange(1, 100), **made)], pot, TODAY)["l"]
        assert more is None or (less is not None and less <= more)
