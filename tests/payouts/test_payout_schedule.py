"""Runs of the schedule: each day of it once, whoever asks, however long the machine slept."""

import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from payout_world import World
from sqlalchemy import text

from core.database import transaction
from core.money import Money
from payouts.read import get_run, list_runs
from payouts.schedule import ask_for_due, due_day
from payouts.settings import put_settings

ZONE = ZoneInfo("Europe/Moscow")


def schedule(world: World, how: str, currency: str = "RUB", provider: str = "manual") -> None:
    least = Money.parse("1", currency)
    world.do(
        put_settings,
        currency,
        schedule=how,
        minimum=least,
        provider=provider,
        approval_limit=None,
        now=world.now,
    )


@pytest.mark.parametrize(
    ("how", "now", "day"),
    [
        ("manual", "2026-11-04 12:00", None),
        ("daily", "2026-11-04 06:00", "2026-11-04"),
        ("daily", "2026-11-04 05:59", "2026-11-03"),
        ("weekly:3", "2026-11-04 06:00", "2026-11-04"),
        ("weekly:3", "2026-11-04 05:59", "2026-10-28"),
        ("weekly:4", "2026-11-04 12:00", "2026-10-29"),
        ("weekly:7", "2026-11-04 12:00", "2026-11-01"),
        ("monthly:4", "2026-11-04 12:00", "2026-11-04"),
        ("monthly:5", "2026-11-04 12:00", "2026-10-05"),
        ("monthly:28", "2027-01-27 12:00", "2026-12-28"),
        ("monthly:1", "2026-11-01 03:00", "2026-10-01"),
    ],
)
def test_which_day_is_due(how: str, now: str, day: str | None) -> None:
    found = due_day(how, datetime.fromisoformat(now).replace(tzinfo=ZONE), ZONE)
    assert found == (day and date.fromisoformat(day))


def test_a_week_at_a_time(world: World) -> None:
    world.now = datetime(2026, 11, 3, 12, tzinfo=ZONE)  # a Tuesday
    world.creator("c1", "10.00")
    schedule(world, "weekly:1")
    assert world.do(ask_for_due, world.now, ZONE) is None  # the Monday before it began is nobody's
    world.now = datetime(2026, 11, 9, 7, tzinfo=ZONE)
    asked = world.do(ask_for_due, world.now, ZONE)
    assert (asked.currency, asked.period, asked.run.drafted_by) == ("RUB", date(2026, 11, 9), "kopeck")
    assert world.draft().total == Money.parse("10.00", "RUB")
    world.earn("c1", "5.00")
    schedule(world, "weekly:1")
    assert world.do(ask_for_due, world.now, ZONE) is None
    world.now += timedelta(days=30)  # slept through several: the latest alone
    world.creator("c2", "20.00")
    assert world.do(ask_for_due, world.now, ZONE).period == date(2026, 12, 7)
    assert world.do(ask_for_due, world.now, ZONE) is None
    with transaction(world.engine) as session:
        assert len(list_runs(session)) == 2


def test_a_day_without_money_is_asked_once(world: World) -> None:
    schedule(world, "daily")
    assert world.do(ask_for_due, world.now, ZONE).run is None
    world.creator("c1", "10.00")
    assert world.do(ask_for_due, world.now, ZONE) is None
    world.pass_time(1)
    assert world.do(ask_for_due, world.now, ZONE).run is not None


def test_a_day_that_meets_a_run_waits_and_stops_nobody_else(world: World) -> None:
    world.creator("c1", "10.00")
    world.earn("c1", "10.00", "USD")
    for currency in ("RUB", "USD"):
        schedule(world, "daily", currency)
    run = world.request()
    assert world.do(ask_for_due, world.now, ZONE).currency == "USD"
    assert world.do(ask_for_due, world.now, ZONE) is None
    world.draft()
    world.creator("c2", "10.00")
    assert world.do(ask_for_due, world.now, ZONE).currency == "RUB"
    assert world.do(get_run, run.id).state == "draft"


def test_eight_processes_ask_once(world: World) -> None:
    world.creator("c1", "10.00")
    schedule(world, "daily")
    asked: list[object] = []
    gate = threading.Barrier(8)

    def ask() -> None:
        gate.wait()
        with transaction(world.engine) as session:
            asked.append(ask_for_due(session, world.now, ZONE))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(asked) == 8 and sum(each is not None for each in asked) == 1
    with transaction(world.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM payout_run")) == 1


def test_settings_that_no_provider_could_keep(world: World) -> None:
    one = {"minimum": Money.parse("1.00", "RUB"), "approval_limit": None, "now": world.now}
    for how in ("weekly", "weekly:0", "weekly:8", "monthly:29", "monthly:0", "Daily", "daily:1", "weekly:٣"):
        assert world.refused(put_settings, "RUB", schedule=how, provider="bank", **one) == "bad_schedule"
    refused = world.refused(put_settings, "RUB", schedule="daily", provider="stripe", **one)
    assert refused == "unsupported_currency"
