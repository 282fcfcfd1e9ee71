"""Pools from the facts to the ledger: who takes part, when a period is split, and that it is split once."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from pool_world import PoolWorld, pool, split_model
from reward_world import START
from sqlalchemy import Engine

from core.database import transaction
from core.money import Money
from rewards.figures import figures, fill_due
from rewards.pool_period import Period, final_at, periods
from rewards.rules import active_rules

NOVEMBER = Period(START, date(2026, 11, 30))
CONTENTS = {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "d1": "d"}
COMBINATIONS = {  # grain and per -> weight; all that are allowed
    ("sale", "day"): "amount",
    ("sale", "month"): "amount",
    ("content_day", "day"): "views - 3",
    ("content_day", "month"): "views - 3",
    ("product_day", "day"): "clicks * 1.5",
    ("product_day", "month"): "clicks * 1.5",
    ("creator_day", "day"): "views / 7",
    ("creator_day", "month"): "views / 7",
    ("creator_month", "month"): "views + 2 * clicks",
}


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    made = PoolWorld(engine, datetime(2026, 11, 10, 9, tzinfo=UTC))
    made.creators(*"abcd")
    for content, creator in CONTENTS.items():
        made.content(content, creator)
    made.sql("INSERT INTO seller (id, name) VALUES ('s', 'S')")
    made.sql(
        "INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p', 's', 'P', 'home', 1, 'RUB')"
    )
    made.fund()
    return made


def views(world: PoolWorld, day: date, **by: int) -> None:
    for content, count in by.items():
        world.tally(content, day, views=count)


def final_split(world: PoolWorld, last: date) -> int:
    world.final(last)
    world.in_()
    return world.split()


def day(number: int) -> date:
    return date(2026, 11, number)


Found = dict[tuple[str, date], dict[str, Fraction]]


def random_facts(world: PoolWorld, chance: random.Random) -> Found:
    """Six days of them, and the weights of their keys by grain and day; of months on their last."""
    found: Found = defaultdict(lambda: defaultdict(Fraction))
    for number in range(1, 7):
        on = day(number)
        for content, creator in CONTENTS.items():
            seen, clicked = chance.randrange(9), chance.randrange(4)
            world.tally(content, on, views=seen, clicks=clicked)
            found["content_day", on][f"{on}/{content}"] += seen - 3
            found["product_day", on][f"{on}/{content}/p"] += Fraction(clicked * 3, 2)
            found["creator_day", on][f"{on}/{creator}"] += seen
            found["creator_month", NOVEMBER.last][f"2026-11/{creator}"] += seen + 2 * clicked
        for content in chance.sample(list(CONTENTS), 2):
            order, amount = f"o{number}{content}", chance.randrange(1, 5) * 10
            back = chance.choice((0, 0, 10, amount))
            world.sale(order, content, on, f"{amount}.00")
            if back:
                world.refund(order, f"{back}.00")
            found["sale", on][f"{order}/p/{content}"] += amount - back
    return {key: _sevenths(weights) if key[0] == "creator_day" else weights for key, weights in found.items()}


def _sevenths(weights: dict[str, Fraction]) -> dict[str, Fraction]:
    """Divided as the language does, cut to 12 decimals."""
    return {key: Fraction(int(weight * 10**12 / 7), 10**12) for key, weight in weights.items()}


def by_period(found: Found, grain: str, per: str) -> Found:
    made: Found = defaultdict(dict)
    for (each, on), weights in found.items():
        if each == grain:
            made[grain, on if per == "day" else NOVEMBER.last] |= weights
    return made


def test_every_grain_by_day_and_month_is_split_as_the_model_says(world: PoolWorld) -> None:
    amounts = {None: 70_000, 2: 100_000_000}
    names = {(*each, top): f"{'_'.join(each)}_{top or 'all'}" for each in COMBINATIONS for top in amounts}
    world.program([
        pool(Money(amounts[top], "RUB").amount, per, COMBINATIONS[grain, per], grain, top, name=name)
        for (grain, per, top), name in names.items()
    ])  # fmt: skip
    world.pools_until(day(7))
    found = random_facts(world, random.Random(5))
    assert final_split(world, NOVEMBER.last) == 4 * 2 * 6 + 5 * 2
    for (grain, per, top), name in names.items():
        asked = by_period(found, grain, per)
        model = {on: split_model(amounts[top], weights, top) for (_, on), weights in asked.items()}
        assert {on: world.owed(name, on) for on in model} == model, name
        assert len(world.owed(name)) == sum(map(len, model.values()))
    assert world.split() == 0
    world.run()
    owed = sum(row.target for row in world.sql("SELECT target FROM reward_target"))
    spent = Money.parse("10000.00", "RUB").micros - Money.parse(world.balance("line"), "RUB").micros
    assert spent == owed > 0


def test_ties_go_to_the_earlier_key_and_who_weighs_nothing_takes_nothing(world: PoolWorld) -> None:
    rules = [pool("0.05", weight="views - 10"), pool("0.05", weight="views - 10", top=2, name="best")]
    world.program(rules)
    views(world, day(3), a1=10, a2=3, b1=13, c1=13, d1=13)
    final_split(world, day(3))
    assert world.owed(day=day(3)) == {
        "2026-11-03/a": 12_500, "2026-11-03/b": 12_500, "2026-11-03/c": 12_500, "2026-11-03/d": 12_500,
    }  # fmt: skip
    assert world.owed("best", day(3)) == {"2026-11-03/a": 25_000, "2026-11-03/b": 25_000}
    world.sql(
        "INSERT INTO tally_content_day (content, day, views, stale) VALUES ('b1', '2026-11-04', 10, false)"
    )
    final_split(world, day(4))
    assert world.owed(day=day(4)) == {}
    rows = world.sql("SELECT keys, weight, paid FROM pool_split s WHERE period = '2026-11-04'")
    assert [tuple(row) for row in rows] == [(0, 0, 0)] * 2


def test_where_says_who_may_take_part(world: PoolWorld) -> None:
    world.program([pool("6.00", where="views >= 5")])
    views(world, day(3), a1=5, b1=4, c1=10)
    final_split(world, day(3))
    assert world.owed(day=day(3)) == {"2026-11-03/a": 2_000_000, "2026-11-03/c": 4_000_000}


def test_one_key_takes_all_and_a_share_of_nothing_keeps_its_weight(world: PoolWorld) -> None:
    world.program([pool("0.01")])
    views(world, day(3), a1=10**9, b1=1)
    views(world, day(4), d1=1)
    final_split(world, day(4))
    assert world.owed(day=day(4)) == {"2026-11-04/d": 10_000}
    rows = world.sql("SELECT key, weight, target FROM reward_target WHERE day = '2026-11-03' ORDER BY key")
    assert [tuple(row) for row in rows] == [("2026-11-03/a", 10**9, 10_000), ("2026-11-03/b", 1, 0)]
    assert world.run() > 0


def join(world: PoolWorld, creator: str, since: str, until: str | None = None) -> None:
    world.sql(
        "INSERT INTO membership (program, creator, since, until) VALUES ('prog', :c, :since, :until)",
        c=creator, since=since, until=until,
    )  # fmt: skip


def test_members_of_an_hour_and_of_before_a_suspension_take_part_for_their_time(world: PoolWorld) -> None:
    """A day counts for who was a member at any moment of it; a month's pool takes its member's days, or the month."""
    rules = [
        pool("90.00", "month", grain="creator_day"),
        pool("90.00", "month", grain="creator_month", name="whole"),
    ]
    world.program(rules, open_to="applications")
    join(world, "a", "2026-10-01 00:00+03")
    join(world, "b", "2026-11-05 12:00+03", "2026-11-05 13:00+03")
    join(world, "c", "2026-10-01 00:00+03", "2026-10-31 23:59+03")
    join(world, "d", "2026-10-01 00:00+03", "2026-11-05 00:00+03")  # suspended as the day began
    for number in (4, 5, 6):
        views(world, day(number), a1=10, b1=10, c1=10, d1=10)
    final_split(world, NOVEMBER.last)
    days = ["2026-11-04/a", "2026-11-04/d", "2026-11-05/a", "2026-11-05/b", "2026-11-06/a"]
    assert world.owed() == dict.fromkeys(days, 18_000_000)
    assert world.owed("whole") == {f"2026-11/{who}": 30_000_000 for who in "abd"}


def test_the_version_of_a_periods_first_day_counts_for_all_of_it(world: PoolWorld) -> None:
    world.program([pool("10.00", "month", grain="content_day"), pool("1.00", name="daily")])
    world.now = datetime(2026, 11, 12, 9, tzinfo=UTC)
    world.version([pool("20.00", "month", grain="content_day"), pool("2.00", name="daily")], day(20))
    views(world, day(2), a1=5)
    views(world, day(25), b1=5)
    views(world, date(2026, 12, 3), a1=1, b1=1)
    final_split(world, date(2026, 12, 31))
    assert world.owed(day=NOVEMBER.last) == {"2026-11-02/a1": 5_000_000, "2026-11-25/b1": 5_000_000}
    assert world.owed(day=date(2026, 12, 31)) == {"2026-12-03/a1": 10_000_000, "2026-12-03/b1": 10_000_000}
    assert (world.owed("daily", day(2)), world.owed("daily", day(25))) == (
        {"2026-11-02/a": 1_000_000}, {"2026-11-25/b": 2_000_000},
    )  # fmt: skip


def test_a_month_begun_before_the_first_version_has_no_pool(world: PoolWorld) -> None:
    world.program([pool("10.00", "month")], since=day(2))
    views(world, day(5), a1=5)
    assert final_split(world, NOVEMBER.last) == 0


def test_caps_cut_shares_and_leave_the_rest_on_the_line(world: PoolWorld) -> None:
    caps = [{"per": "creator_month", "amount": Money.parse("5.00", "RUB")}]
    world.program([pool("9.00", caps=caps)])
    views(world, day(3), a1=2, b1=1)
    views(world, day(4), a1=1)
    final_split(world, day(4))
    assert world.owed() == {"2026-11-03/a": 5_000_000, "2026-11-03/b": 3_000_000, "2026-11-04/a": 0}
    rows = world.sql("SELECT original, uncapped FROM reward_target WHERE key = '2026-11-04/a'")
    assert [tuple(row) for row in rows] == [(9_000_000, 9_000_000)]
    world.run()
    assert (world.balance("a:available"), world.balance("line")) == ("5.00", "9992.00")


def test_a_pool_that_its_line_cannot_pay_waits(world: PoolWorld) -> None:
    world.program([pool("20000.00")])
    views(world, day(3), a1=3, b1=1)
    final_split(world, day(3))
    world.run()
    assert (world.balance("a:available"), world.balance("b:available"), world.balance("line")) == (
        "10000.00",
        "0.00",
        "0.00",
    )


def test_a_late_fact_shows_in_the_figures_and_resplits_nothing(world: PoolWorld) -> None:
    world.program([pool("10.00"), pool("10.00", weight="amount", grain="sale", name="sold")])
    views(world, day(3), a1=1, b1=1)
    world.sale("o1", "a1", day(3), "100.00")
    final_split(world, day(3))
    world.run()
    before = world.sql("SELECT key, target, posted, weight FROM reward_target ORDER BY id")
    views(world, day(3), b1=98)
    world.sale("o2", "b1", day(3), "900.00")
    world.refund("o1", "100.00")
    final_split(world, day(3))
    world.run()
    assert world.sql("SELECT key, target, posted, weight FROM reward_target ORDER BY id") == before
    with transaction(world.engine) as session:
        fill_due(session, "default", day(3), day(3))
        given = figures("creator_day", "default", "RUB")
        now = {row.creator: row.views for row in session.execute(given.select())}
    assert now == {"a": Decimal(1), "b": Decimal(99)}


def test_an_uncounted_sale_or_one_wholly_refunded_weighs_nothing(world: PoolWorld) -> None:
    """Before the split what refunds took weighs nothing, however the weight is written."""
    world.program([pool("10.00", weight="3", grain="sale")])
    world.sale("o1", "a1", day(3), "100.00")
    world.sale("o2", "b1", day(3), "30.00")
    world.sale("o3", "c1", day(3), "100.00")
    world.refund("o1", "100.00")
    world.refund("o2", "10.00")
    final_split(world, day(3))
    whole, part = Fraction(3), Fraction(3 * 20 * 10**12 // 30, 10**12)
    assert world.owed() == split_model(10_000_000, {"o2/p/b1": part, "o3/p/c1": whole})


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
