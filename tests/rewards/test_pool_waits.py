"""When a pool is split: its period is over and final, and nothing of it is still to come."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pool_world import PoolWorld, day, four_creators, pool, views
from reward_world import START
from sqlalchemy import Engine

from core.database import transaction
from rewards.pool_period import Period, final_at, periods
from rewards.rules import active_rules

NOVEMBER = Period(START, date(2026, 11, 30))


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    return four_creators(engine)


WAITING = {
    "an uncounted batch": (
        "INSERT INTO event_batch (source, received_at) VALUES ('t', '2026-11-11 00:59+03')", "UPDATE event_batch SET tallied_at = now()",
    ),
    "a changed day": ("INSERT INTO changed_day (day, creator, content) VALUES ('2026-11-03', 'a', 'a1')", "DELETE FROM changed_day"),
    "a sale nobody was given": (
        "INSERT INTO purchase (event_id, order_ref, product, quantity, amount, currency, occurred_at, day, batch_id)"
        " VALUES ('x', 'x', 'p', 1, 1, 'RUB', '2026-11-03 23:59:59+03', '2026-11-03', 1)",
        "INSERT INTO attribution (purchase_id, policy, outcome) SELECT id, 'default', 'none' FROM purchase ON CONFLICT DO NOTHING",
    ),
    "a sale to be priced": (
        "INSERT INTO changed_purchase (purchase_id) SELECT id FROM purchase WHERE order_ref = 'o1'", "DELETE FROM changed_purchase",
    ),
    "a sale to be attributed anew": (
        "INSERT INTO reattribution (purchase_id) SELECT id FROM purchase WHERE order_ref = 'o1'", "DELETE FROM reattribution",
    ),
    "views not yet qualified": (
        "UPDATE tally_content_day SET stale = true WHERE day = '2026-11-03'", "UPDATE tally_content_day SET stale = false",
    ),
    "a refund not yet taken back": (
        "INSERT INTO refund (event_id, purchase_id, order_ref, product, quantity, amount, occurred_at, batch_id)"
        " SELECT 'r', id, 'o1', 'p', 1, 0, now(), 1 FROM purchase WHERE order_ref = 'o1'; UPDATE purchase SET returned = 1 WHERE order_ref = 'o1'",
        "INSERT INTO share (purchase_id, policy, refund_id, content, creator, product, seller, category, kind, price, amount, units,"
        " orders, currency, occurred_at, day) SELECT purchase_id, policy, (SELECT max(id) FROM refund), content, creator, product, seller,"
        " category, kind, price, 0, -units, 0, currency, occurred_at, day FROM share",
    ),
}  # fmt: skip


def test_a_period_waits_for_its_facts(world: PoolWorld) -> None:
    world.program([pool("10.00")], since=day(3))
    views(world, day(3), a1=1)
    world.sale("o1", "a1", day(3), "100.00")
    world.final(day(3))
    world.in_()
    for what, (missing, here) in WAITING.items():
        world.sql(missing)
        assert world.split() == 0, what
        world.sql(here)
    assert world.split() == 1


OTHERS = (  # a batch that came when it was final, the next day, a month before it is over, a sale of the next day
    "INSERT INTO event_batch (source, received_at) VALUES ('t', '2026-11-09 01:00+03')",
    "INSERT INTO changed_day (day, creator, content) VALUES ('2026-11-02', 'a', 'a1')",
    "INSERT INTO changed_month (month, creator) VALUES ('2026-11-01', 'a') ON CONFLICT DO NOTHING",
    "INSERT INTO purchase (event_id, order_ref, product, quantity, amount, currency, occurred_at, day, batch_id)"
    " VALUES ('x', 'x', 'p', 1, 1, 'RUB', '2026-11-02 00:00:00+03', '2026-11-02', 1)",
)


def test_it_waits_for_nothing_else(world: PoolWorld) -> None:
    world.program([pool("10.00")], since=START)
    views(world, START, a1=1)
    world.final(START)
    world.in_()
    for each in OTHERS:
        world.sql(each)
    assert world.split() == 1


def test_a_months_pool_waits_for_the_months_queue(world: PoolWorld) -> None:
    world.program([pool("10.00", "month")])
    views(world, day(3), a1=1)
    world.final(NOVEMBER.last)
    world.in_()
    world.sql("INSERT INTO changed_month (month, creator) VALUES ('2026-11-01', 'a') ON CONFLICT DO NOTHING")
    assert world.split() == 0
    world.in_()
    assert world.split() == 1


def test_a_period_is_final_when_no_event_of_it_is_taken_any_more(world: PoolWorld) -> None:
    world.program([pool("10.00")], since=day(3))
    views(world, day(3), a1=1)
    world.final(day(3))
    world.in_()
    world.later(microseconds=-1)
    assert world.split() == 0
    world.later(microseconds=1)
    assert world.split() == 1
    assert final_at(Period(day(3), day(3)), world.settings).isoformat() == "2026-11-11T01:00:00+03:00"


def test_one_call_splits_one_period_and_none_that_waits_holds_up_another(world: PoolWorld) -> None:
    world.program([pool("10.00")], since=day(3))
    for number in (3, 4, 5):
        views(world, day(number), a1=1)
    world.final(day(5))
    world.in_()
    world.sql("INSERT INTO changed_day (day, creator, content) VALUES ('2026-11-04', 'a', 'a1')")
    assert [world.split_once() for _ in range(3)] == [1, 1, 0]
    assert sorted(world.owed()) == ["2026-11-03/a", "2026-11-05/a"]


def test_periods_are_whole_and_begin_in_their_version(world: PoolWorld) -> None:
    world.program([pool("1.00", "month"), pool("1.00", name="daily")], since=day(15))
    world.now = datetime(2026, 11, 16, 9, tzinfo=UTC)
    world.version([pool("1.00", "month")], date(2027, 2, 10))
    with transaction(world.engine) as session:
        rules = {(rule.name, rule.version): rule for rule in active_rules(session)}
    shown = {
        key: [str(each) for each in periods(rule, START, date(2027, 3, 5))] for key, rule in rules.items()
    }
    assert shown["bonus", 1] == ["2026-12", "2027-01", "2027-02"]
    assert shown["bonus", 2] == ["2027-03"]
    daily = shown["daily", 1]
    assert (daily[0], daily[-1], len(daily)) == ("2026-11-15", "2027-02-09", 87)
    assert [str(each) for each in periods(rules["daily", 1], day(20), day(21))] == [
        "2026-11-20",
        "2026-11-21",
    ]
    assert (
        timedelta(days=1) + date(2026, 12, 31)
        == next(iter(periods(rules["bonus", 1], date(2026, 12, 9), date(2026, 12, 9)))).next
    )
