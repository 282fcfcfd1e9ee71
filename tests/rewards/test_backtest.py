"""Backtests: what they say of winners, caps, protection and the line, and that they write nothing but their row."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from reward_world import SETTINGS, START, World, rub
from sqlalchemy import Engine, text

from api.backtests import _bounded
from core.database import make_engine, transaction
from core.errors import Invalid, NotFound, Refused, Unavailable
from rewards.backtest import Trial, backtest
from rewards.backtest_result import dry_day
from rewards.backtest_store import Backtest, compare, get_backtest, list_backtests

LAST = date(2026, 11, 9)
VIEWS = [{"name": "reach", "grain": "content_day", "amount": "views * 0.01"}]
SALES = [{"name": "commission", "grain": "sale", "amount": "amount * 10%"}]
_COUNTS = (
    "SELECT string_agg(format('SELECT %L AS name, count(*) AS n, md5(coalesce(string_agg(t::text, '''' ORDER BY t::text), '''')) AS print"
    " FROM %I.%I t', table_name, table_schema, table_name), ' UNION ALL ')"
    " FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'backtest'"
)


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, datetime(2026, 11, 10, 9, tzinfo=UTC))
    made.creators("a", "b", "c")
    for creator in "abc":
        made.content(f"{creator}1", creator)
    made.fund("900.00", "month")
    return made


def tried(
    world: World, rules: list[dict[str, Any]] | None = None, program: str = "prog", **more: Any
) -> Backtest:
    trial = Trial(**({"program": program, "since": START, "until": LAST, "rules": rules} | more))
    with transaction(world.engine) as session:
        return backtest(session, trial, "Olga", world.now, SETTINGS)


def test_it_says_what_rules_cost_and_who_wins_and_loses(world: World) -> None:
    world.program(VIEWS)
    world.tally("a1", date(2026, 11, 2), views=1000)
    world.tally("b1", date(2026, 11, 3), views=3000)
    world.sale("o1", "a1", date(2026, 11, 3), "500.00")
    world.sale("o2", "c1", date(2026, 11, 9), "10.00")
    found = tried(world, SALES)
    told = found.result
    assert told["cost"] == {"new": "51.00", "old": "40.00", "difference": "11.00", "rate_protection": "0.00"}
    assert [(each["day"], each["new"], each["old"]) for each in told["days"] if each["day"] in ("2026-11-03", "2026-11-04")] == [
        ("2026-11-03", "50.00", "30.00"), ("2026-11-04", "0.00", "0.00"),
    ]  # fmt: skip
    assert len(told["days"]) == 9 and told["members"] == "everyone"
    assert told["rules"] == [
        {"rule": "commission", "new": "51.00", "old": "0.00", "difference": "51.00", "uncapped": "51.00"},
        {"rule": "reach", "new": "0.00", "old": "40.00", "difference": "-40.00", "uncapped": "0.00"},
    ]
    assert told["winners"] == [
        {"creator": "a", "new": "50.00", "old": "10.00", "difference": "40.00"},
        {"creator": "c", "new": "1.00", "old": "0.00", "difference": "1.00"},
    ]
    assert told["losers"] == [{"creator": "b", "new": "0.00", "old": "30.00", "difference": "-30.00"}]
    assert [(each["decile"], each["creators"], each["new"], each["old"]) for each in told["deciles"]] == [
        (1, 1, "50.00", "10.00"), (2, 1, "1.00", "0.00"), (3, 1, "0.00", "30.00"),
    ]  # fmt: skip


def test_it_writes_nothing_but_its_row(world: World, owner: Engine) -> None:
    world.program(VIEWS + SALES, rate_protection_days=5)
    world.tally("a1", date(2026, 11, 2), views=1000)
    world.sale("o1", "b1", date(2026, 11, 3), "500.00")

    def picture() -> list[Any]:
        with owner.connect() as connection:
            return sorted(tuple(row) for row in connection.execute(text(connection.scalar(text(_COUNTS)))))

    before = picture()
    first, second = tried(world, SALES), tried(world, version=1)
    assert picture() == before
    with transaction(world.engine) as session:
        assert get_backtest(session, first.id) == first
        assert [each.id for _, each in list_backtests(session, "prog", 9, None)] == [second.id, first.id]


def test_each_cap_says_what_it_cut(world: World) -> None:
    caps = [{"per": "creator_day", "amount": rub("30.00")}, {"per": "program_month", "amount": rub("70.00")}]
    world.program(SALES)
    for order, content, day, amount in (
        ("o1", "a1", 2, "200.00"), ("o2", "a1", 2, "200.00"), ("o3", "b1", 3, "250.00"), ("o4", "c1", 4, "100.00"),
    ):  # fmt: skip
        world.sale(order, content, date(2026, 11, day), amount)
    told = tried(world, [SALES[0] | {"caps": caps}]).result
    # 20; 20, of which 10 are left of the day; 25; 10, of which the month has 5: the running sums are the uncapped ones
    assert told["caps"] == [
        {"rule": "commission", "per": "creator_day", "keys": 1, "cut": "10.00"},
        {"rule": "commission", "per": "program_month", "keys": 1, "cut": "5.00"},
    ]
    assert told["rules"][0]["new"] == "60.00" and told["rules"][0]["uncapped"] == "75.00"


def test_rate_protection_costs_what_a_change_would_take_from_who_was_there(world: World) -> None:
    """a had a share before; b had none. Of three days two are promised."""
    world.program(SALES, since=date(2026, 10, 1), rate_protection_days=2)
    world.sale("o0", "a1", date(2026, 10, 31), "1.00")
    for n, content in enumerate(("a1", "b1")):
        for day in (1, 2, 3):
            world.sale(f"p{n}{day}", content, date(2026, 11, day), "100.00")
    less = [SALES[0] | {"amount": "amount * 4%"}]
    told = tried(world, less).result
    assert told["cost"]["rate_protection"] == "12.00"
    assert [each["rate_protection"] for each in told["days"][:3]] == ["6.00", "6.00", "0.00"]
    really = date(2026, 11, 1)
    world.now = datetime(2026, 10, 20, 9, tzinfo=UTC)
    world.version(less, really)
    world.now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    world.run()
    paid = world.sql("SELECT sum(target) FROM reward_target t JOIN rule r ON r.id = t.rule_id WHERE r.name = 'rate_protection'").scalar()  # fmt: skip
    assert paid == rub("12.00").micros


def test_members_are_who_they_were_and_everyone_where_nobody_ever_was(world: World) -> None:
    world.program(VIEWS, open_to="invite")
    for content in ("a1", "b1"):
        for day in (2, 5):
            world.tally(content, date(2026, 11, day), views=100)
    assert tried(world, VIEWS).result["cost"]["new"] == "4.00"
    world.sql(
        "INSERT INTO membership (program, creator, since, until) VALUES ('prog', 'a', '2026-11-04', NULL)"
    )
    told = tried(world, VIEWS).result
    assert (told["members"], told["cost"]["new"], told["cost"]["old"]) == ("actual", "1.00", "1.00")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"version": 1, "rules": VIEWS}, "bad_trial"),
        ({}, "bad_trial"),
        ({"rules": VIEWS, "until": date(2026, 11, 10)}, "bad_range"),
        ({"rules": VIEWS, "until": date(2026, 10, 31)}, "bad_range"),
        ({"rules": VIEWS, "since": date(2025, 11, 8)}, "bad_range"),
        ({"rules": [VIEWS[0] | {"amount": "vews"}]}, "formula_name"),
        ({"version": 9}, "not_found"),
        ({"version": 1, "program": "none"}, "not_found"),
    ],
)
def test_what_cannot_be_tried_is_refused(world: World, more: dict[str, Any], code: str) -> None:
    world.program(VIEWS)
    with pytest.raises((Invalid, NotFound)) as refused:
        tried(world, **more)
    assert refused.value.code == code


def test_two_trials_are_laid_side_by_side(world: World) -> None:
    world.program(VIEWS)
    world.tally("a1", date(2026, 11, 2), views=1000)
    one, other = tried(world, VIEWS), tried(world, [VIEWS[0] | {"name": "wide", "amount": "views * 0.04"}])
    later = tried(world, VIEWS, since=date(2026, 11, 2))
    with transaction(world.engine) as session:
        told = compare(session, one.id, other.id)
        assert told["cost"] == {"this": "10.00", "with": "40.00", "difference": "-30.00"}
        assert told["days"][1] == {
            "day": "2026-11-02",
            "this": "10.00",
            "with": "40.00",
            "difference": "-30.00",
        }
        assert [(each["rule"], each["difference"]) for each in told["rules"]] == [
            ("reach", "10.00"),
            ("wide", "-40.00"),
        ]
        with pytest.raises(Refused) as refused:
            compare(session, one.id, later.id)
    assert refused.value.code == "not_comparable"


@dataclass
class Line:
    per: str
    allocation: int
    rollover: bool = True


@pytest.mark.parametrize(
    ("holds", "unallocated", "line", "costs", "dry"),
    [
        (
            100,
            0,
            Line("once", 100),
            [30, 0],
            date(2026, 11, 17),
        ),  # 11th, 13th, 15th; the 17th cannot be paid whole
        (90, 0, Line("once", 100), [30, 0], date(2026, 11, 17)),
        (0, 0, Line("once", 100), [0, 0], None),
        (0, 10**9, Line("day", 30), [30], None),
        (0, 100, Line("day", 30), [30], date(2026, 11, 14)),
        (50, 10**9, Line("month", 70), [4], date(2026, 11, 23)),
        (100, 10**9, Line("month", 120, False), [4], date(2026, 12, 31)),
        (100, 10**9, Line("month", 124, False), [4], None),
    ],
)
def test_the_line_runs_dry_on_the_first_day_that_it_cannot_pay(
    holds: int, unallocated: int, line: Line, costs: list[int], dry: date | None
) -> None:
    assert dry_day(holds, unallocated, line, costs, date(2026, 11, 10)) == dry


def test_a_trial_too_long_for_a_request_is_sent_to_the_command_line(
    world: World, database_url: str, owner: Engine
) -> None:
    world.program(VIEWS)
    hasty = make_engine(database_url, "Europe/Moscow", statement_seconds=1)
    with owner.begin() as blocking:
        blocking.execute(text("LOCK tally_content_day IN ACCESS EXCLUSIVE MODE"))
        with (
            pytest.raises(Unavailable, match="kopeck programs backtest prog") as refused,
            transaction(hasty) as session,
            _bounded("prog"),
        ):
            backtest(session, Trial("prog", START, LAST, version=1), "Olga", world.now, SETTINGS)
    assert refused.value.code == "backtest_too_long"
    hasty.dispose()
