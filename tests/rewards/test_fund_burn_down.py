"""The burn-down adds up to the books on any day; warnings come once a line, period and level."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import structlog
from fund_world import figures, give, line, look, transfer
from reward_world import START, World, rub
from sqlalchemy import Engine

from core.database import transaction
from core.errors import Invalid
from core.secrets import Vault
from jobs import fund_warnings
from jobs.job import Context
from ledger import accounts
from ledger.adjust import adjust
from ledger.post import credit, debit
from rewards.allocate import allocate
from rewards.burn_down import BurnDown, BurnLine, burn_down

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
SALE = [{"name": "commission", "grain": "sale", "amount": "amount * 5%"}]


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.creators("a", "b")
    made.content("a1", "a")
    return made


def burning(world: World, since: date | None = None, until: date | None = None) -> BurnDown:
    with transaction(world.engine) as session:
        return burn_down(session, "main", world.now, world.settings, since, until)


def of(world: World, id: str = "l") -> BurnLine:
    return next(each for each in burning(world).lines if each.id == id)


def add_up(found: BurnLine) -> None:
    for day in found.days:
        came = day.opening + day.allocated + day.transferred + day.adjusted + day.taken_back
        assert came - day.rewards - day.grants == day.closing
    for day, after in zip(found.days, found.days[1:], strict=False):
        assert (day.closing, day.day + timedelta(1)) == (after.opening, after.day)


def test_every_day_adds_up_and_the_last_is_the_balance(world: World) -> None:
    chance = Random(20261110)
    world.fund(line="50.00", per="day")
    line(world, "m", "900.00", "month", rollover=False)
    line(world, "never", "1.00")
    world.program(SALE)
    for number in range(20):
        act = chance.randrange(6)
        if act == 0:
            world.later(days=chance.randrange(1, 4))
            with transaction(world.engine) as session:
                allocate(session, world.now, world.settings)
        elif act == 1:
            day = START + timedelta(chance.randrange(10))
            world.sale(f"o{number}", "a1", day, f"{chance.randrange(1, 200)}.00")
            world.run()
        elif act == 2:
            give(world, "b", f"{chance.randrange(1, 10)}.00", line=chance.choice("lm"))
        elif act == 3:
            transfer(world, *chance.choice([("l", "m"), ("m", "l")]), "3.00")
        elif act == 4 and world.shares:
            order = chance.choice(sorted(world.shares))
            if world.shares[order]["amount"] > world.shares[order]["taken"]:
                world.refund(order, "1.00")
                world.run()
        else:
            pots = [accounts.OPENING, accounts.fund_line("main", chance.choice("lm"))]
            with transaction(world.engine) as session:
                adjust(session, [debit(pots[0], rub("1.00")), credit(pots[1], rub("1.00"))], "x", "Olga", world.now, world.settings)  # fmt: skip
    whole = burning(world, START, world.now.date())
    for found, shown in zip(whole.lines, look(world).lines, strict=True):
        add_up(found)
        assert found.days[0].opening == rub("0.00") and found.days[-1].closing == shown.balance
        sums = {
            name: sum(getattr(day, name).micros for day in found.days)
            for name in ("allocated", "transferred", "adjusted", "rewards", "grants", "taken_back")
        }
        assert sums["allocated"] == shown.allocated.micros
        assert (sums["transferred"], sums["adjusted"]) == (shown.transferred.micros, shown.adjusted.micros)
        assert sums["rewards"] + sums["grants"] - sums["taken_back"] == shown.spent.micros
        assert sums["grants"] == shown.granted.micros
    part = burning(world, date(2026, 11, 5), date(2026, 11, 9))
    assert [each.days for each in part.lines] == [each.days[4:9] for each in whole.lines]


def test_what_a_fund_shows(world: World) -> None:
    world.fund(line="100.00")
    give(world, "a", "25.00")
    found = burning(world)
    assert (found.until, (found.until - found.since).days) == (NOW.date(), 29)
    assert (found.budget, found.deposited, found.budget_left) == (
        rub("1000000.00"),
        rub("1000000.00"),
        rub("0.00"),
    )
    assert found.unallocated == rub("999900.00")
    [own] = found.lines
    assert (own.daily, own.dry_on, own.percent, own.warning) == (rub("25.00"), date(2026, 11, 14), 25, None)
    for since, until, code in [
        (date(2026, 11, 2), date(2026, 11, 1), "bad_period"),
        (date(2025, 1, 1), date(2026, 11, 1), "period_too_long"),
    ]:
        with pytest.raises(Invalid) as caught:
            burning(world, since, until)
        assert caught.value.code == code


def test_a_period_begins_with_what_was_left_over(world: World) -> None:
    world.fund(line="100.00", per="day")
    line(world, "m", "100.00", "day", rollover=False)
    for each in "lm":
        give(world, "a", "40.00", line=each)
    assert [of(world, each).percent for each in "lm"] == [40, 40]
    world.later(days=1)
    with transaction(world.engine) as session:
        allocate(session, world.now, world.settings)
    assert [(of(world, each).percent, of(world, each).given) for each in "lm"] == [
        (0, rub("160.00")),
        (0, rub("100.00")),
    ]
    give(world, "a", "80.00")
    transfer(world, "m", "l", "40.00")
    assert (of(world).percent, of(world).since, of(world).given) == (40, date(2026, 11, 11), rub("200.00"))
    assert figures(world)["spent"] == "120.00"


def warned(world: World, vault: Vault) -> tuple[int, list[tuple[str, int, str | None]]]:
    """What the job did, and what it logged."""
    context = Context(world.engine, world.settings, vault, now=lambda: world.now)
    with structlog.testing.capture_logs() as logs:
        count = fund_warnings.step(context)["warnings"]
    assert all(each["log_level"] == "warning" for each in logs)
    return count, [(each["line"], each["percent"], each["dry_on"]) for each in logs]


def test_a_line_is_warned_of_once_a_period_and_level(world: World, vault: Vault) -> None:
    world.fund(line="100.00", per="day")
    line(world, "m", "100.00")
    assert warned(world, vault) == (0, [])
    give(world, "a", "49.99")
    assert warned(world, vault) == (0, [])
    give(world, "a", "0.01")
    assert warned(world, vault) == (1, [("l", 50, None)])
    assert warned(world, vault) == (0, [])
    give(world, "a", "45.00")
    give(world, "a", "96.00", line="m")
    assert warned(world, vault) == (2, [("l", 95, None), ("m", 95, "2026-11-11")])
    assert warned(world, vault) == (0, [])
    assert of(world, "m").warning == 95
    world.later(days=1)
    with transaction(world.engine) as session:
        allocate(session, world.now, world.settings)
    assert warned(world, vault) == (0, []) and of(world).warning is None
    give(world, "a", "90.00")
    assert [each[:2] for each in warned(world, vault)[1]] == [("l", 80)]
    rows = world.sql("SELECT line, period, percent FROM fund_warning ORDER BY 1, 2, 3").all()
    expected = [("l", NOW.date(), each) for each in (50, 80, 95)]
    expected += [("l", world.now.date(), each) for each in (50, 80)]
    expected += [("m", NOW.date(), each) for each in (50, 80, 95)]
    assert [tuple(row) for row in rows] == expected
