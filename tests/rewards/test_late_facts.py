"""N4: a fact of a closed month moves money in the open one, with its own day beside it; the closed month stays."""

from datetime import UTC, date, datetime

import pytest
from reward_world import World, rub
from sqlalchemy import Engine

from core.database import transaction
from ledger.asof import end_of
from ledger.balances import trial_balance, trial_totals
from ledger.close import close_period
from ledger.post import credit, debit, post
from ledger.statement import Statement, StatementLine, statement

SALE = [{"name": "commission", "grain": "sale", "amount": "amount * 5%"}]
REACH = [{"name": "reach", "grain": "content_day", "amount": "0.01 * views"}]
CREATOR = [f"liabilities:creator:a:{pot}" for pot in ("pending", "available", "in_transit")]
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
DECEMBER = (date(2026, 12, 1), date(2026, 12, 31))


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, datetime(2026, 11, 29, 9, tzinfo=UTC))
    made.creators("a", "b")
    for content, creator in {"a1": "a", "b1": "b"}.items():
        made.content(content, creator)
    made.fund()
    return made


def shown(world: World, period: tuple[date, date]) -> Statement:
    with transaction(world.engine) as session:
        return statement(session, CREATOR, "RUB", *period)


def figures(world: World) -> tuple[Statement, str]:
    """What November's statement and its trial balance say, to the letter."""
    with transaction(world.engine) as session:
        at = end_of(session, NOVEMBER[1])
        assert at.final
        return shown(world, NOVEMBER), repr((trial_balance(session, at), trial_totals(session, at)))


def close(world: World, period: str) -> None:
    with transaction(world.engine) as session:
        close_period(session, period, "anna", world.now.date(), world.now)


def days(line: StatementLine) -> tuple[str, str, date, date]:
    return line.kind, line.amount.amount, line.booked_on, line.effective_on


def test_n4_a_late_refund_and_a_late_sale_of_a_closed_month(world: World) -> None:
    world.program(SALE)
    world.sale("o1", "a1", date(2026, 11, 20), "1000.00")
    world.run()
    world.later(days=3)  # 2 December
    close(world, "2026-11")
    before = figures(world)
    assert before[0].closing.amount == "50.00"

    world.refund("o1", "600.00")
    world.sale("o2", "a1", date(2026, 11, 25), "200.00")
    world.run()
    assert figures(world) == before
    december = shown(world, DECEMBER)
    assert (december.opening.amount, december.closing.amount) == ("50.00", "30.00")
    first = DECEMBER[0]
    assert sorted(map(days, december.lines)) == [
        ("reward.accrue", "-30.00", first, date(2026, 11, 20)),
        ("reward.accrue", "10.00", first, date(2026, 11, 25)),
    ]


def test_n4_late_views_of_a_closed_day_are_paid_on_the_open_one(world: World) -> None:
    world.program(REACH, hold=14)
    world.tally("a1", date(2026, 11, 27), views=1000)
    world.run()
    close(world, "2026-11-28")
    world.tally("a1", date(2026, 11, 27), views=500)
    world.tally("a1", date(2026, 11, 28), views=100)
    world.run()
    lines = [days(line) for line in shown(world, NOVEMBER).lines]
    open_day = date(2026, 11, 29)
    assert lines[0] == ("reward.accrue", "10.00", date(2026, 11, 27), date(2026, 11, 27))
    assert sorted(lines[1:]) == [
        ("reward.accrue", "1.00", open_day, date(2026, 11, 28)),
        ("reward.accrue", "5.00", open_day, date(2026, 11, 27)),
    ]


def test_n4_a_debt_from_a_closed_month_is_carried_and_both_lines_stand(world: World) -> None:
    """What was released and taken back after the closing: below zero, carried into what comes (see L18, too)."""
    world.program(SALE)
    world.sale("o1", "a1", date(2026, 11, 20), "100.00")
    world.run()
    world.later(days=3)
    close(world, "2026-11-30")
    with transaction(world.engine) as session:
        post(session, key="paid", kind="test", effective_on=date(2026, 11, 30),
             legs=[debit(CREATOR[1], rub("5.00")), credit("assets:bank:manual:RUB", rub("5.00"))])  # fmt: skip
    world.refund("o1", "100.00")
    world.run()
    assert world.balance("a:available") == "-5.00"
    world.sale("o2", "a1", date(2026, 12, 1), "140.00")
    world.run()
    december = shown(world, DECEMBER)
    assert [line.amount.amount for line in december.lines] == ["-5.00", "-5.00", "7.00"]
    assert (december.opening.amount, december.closing.amount) == ("5.00", "2.00")


def test_everything_goes_on_when_yesterday_is_closed_every_day(world: World) -> None:
    """Prices, accruals and releases meet days that are closed; nothing is refused and nothing is lost."""
    world.program(REACH, hold=1)
    for day in range(20, 29):
        world.tally("a1", date(2026, 11, day), views=100)
        world.tally("b1", date(2026, 11, day), views=200)
    total = 9
    for day in (28, 29, 30):
        close(world, f"2026-11-{day}")
        world.run()
        world.tally("a1", date(2026, 11, 21), views=100)
        total += 1
        world.later(days=1)  # to the day after the next closing
    world.run()
    world.later(days=2)
    world.run()
    assert (world.balance("a:pending"), world.balance("a:available")) == ("0.00", f"{total}.00")
    with transaction(world.engine) as session:
        at = end_of(session, date(2026, 11, 30))
        assert at.final
        assert trial_totals(session, at)["RUB"][0] == 0
