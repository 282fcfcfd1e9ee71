"""Accrual as target minus posted: what is owed, when it is posted, what comes back."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from reward_world import START, World, owed_for_sale, rub
from sqlalchemy import Engine

from core.database import transaction
from core.errors import Refused
from core.money import Money
from rewards.accrue import accrue
from rewards.activate import activate_version
from rewards.decide import decide
from rewards.deposit import deposit_money
from rewards.enrol import apply
from rewards.funds import get_fund
from rewards.price import price
from rewards.versions import draft_version

SALE = [{"name": "commission", "grain": "sale", "amount": "amount * 5%"}]
REACH = [{"name": "reach", "grain": "content_day", "amount": "0.002 * views + 0.01 * clicks"}]
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.creators("a", "b", "c")
    for content, creator in {"a1": "a", "a2": "a", "b1": "b", "c1": "c"}.items():
        made.content(content, creator)
    return made


def test_a_sale_earns_once_and_is_released_when_its_hold_is_over(world: World) -> None:
    world.fund()
    world.program(SALE, hold=14)
    world.sale("o1", "a1", date(2026, 11, 5), "171.56")
    world.run()
    assert (world.balance("a:pending"), world.balance("a:available")) == ("8.578", "0.00")
    assert world.balance("line") == "9991.422"
    assert world.run() == 0
    world.later(days=9, hours=11)
    assert world.run() == 0
    world.later(hours=1)
    world.run()
    assert (world.balance("a:pending"), world.balance("a:available")) == ("0.00", "8.578")


def test_a_refund_takes_its_own_reward_back_to_the_line(world: World) -> None:
    world.fund()
    world.program(SALE)
    world.sale("o1", "a1", date(2026, 11, 5), "100.00")
    world.sale("o2", "b1", date(2026, 11, 5), "100.00")
    world.run()
    world.refund("o1", "33.33")
    world.run()
    assert (world.balance("a:available"), world.balance("b:available")) == ("3.3335", "5.00")
    world.refund("o1", "66.67")
    world.run()
    assert (world.balance("a:available"), world.balance("line")) == ("0.00", "9995.00")


def test_a_refund_after_the_money_was_spent_leaves_a_debt_that_later_earnings_make_good(world: World) -> None:
    world.fund()
    world.program(SALE)
    world.sale("o1", "a1", date(2026, 11, 5), "100.00")
    world.run()
    with transaction(world.engine) as session:
        from ledger.post import credit, debit, post  # noqa: PLC0415

        post(session, key="spend", kind="test", effective_on=START,
             legs=[debit("liabilities:creator:a:available", rub("5.00")), credit("assets:bank:manual:RUB", rub("5.00"))])  # fmt: skip
    world.refund("o1", "100.00")
    world.run()
    assert world.balance("a:available") == "-5.00"
    world.sale("o2", "a1", date(2026, 11, 6), "140.00")
    world.run()
    assert world.balance("a:available") == "2.00"


def test_a_day_is_priced_when_it_is_over_and_again_when_its_facts_change(world: World) -> None:
    world.fund()
    world.program(REACH)
    today = date(2026, 11, 10)
    world.tally("a1", date(2026, 11, 9), views=1000, clicks=10)
    world.tally("a1", today, views=500)
    world.run()
    assert world.balance("a:available") == "2.10"
    world.now = datetime(
        2026, 11, 10, 21, 59, tzinfo=UTC
    )  # 00:59 in Moscow: the attribution delay is not over
    assert world.run() == 0
    world.later(minutes=2)
    world.run()
    assert world.balance("a:available") == "3.10"
    world.tally("a1", date(2026, 11, 9), views=-400)
    world.run()
    assert world.balance("a:available") == "2.30"


def test_creator_days_count_posts(world: World) -> None:
    world.fund()
    world.program(
        [{"name": "posting", "grain": "creator_day", "where": "posts >= 2", "amount": "posts * 10"}]
    )
    world.run()
    assert [world.balance(f"{c}:available") for c in "abc"] == ["20.00", "0.00", "0.00"]


def test_a_later_version_counts_from_its_day(world: World) -> None:
    world.fund()
    world.program(SALE)
    with transaction(world.engine) as session:
        version = draft_version(
            session, "prog", date(2026, 11, 12), [SALE[0] | {"amount": "amount * 10%"}], "op"
        )
        activate_version(session, "prog", version.number, "op", world.now, world.settings)
    for day in (11, 12):
        world.sale(f"o{day}", "a1", date(2026, 11, day), "100.00")
    world.now = datetime(2026, 11, 20, tzinfo=UTC)
    world.run()
    assert world.balance("a:available") == "15.00"
    with transaction(world.engine) as session, pytest.raises(Refused) as caught:
        late = draft_version(session, "prog", date(2026, 11, 13), SALE, "op")
        activate_version(session, "prog", late.number, "op", world.now, world.settings)
    assert caught.value.code == "version_in_the_past"


def test_only_members_earn_and_only_while_they_are(world: World) -> None:
    world.fund()
    world.program(SALE, open_to="applications")
    with transaction(world.engine) as session:
        a = apply(session, "prog", "a", None, world.now)
        decide(session, a.id, "approve", "op", None, world.now - timedelta(days=3))
        apply(session, "prog", "b", None, world.now)
    world.sale("before", "a1", date(2026, 11, 6), "100.00")
    world.sale("during", "a1", date(2026, 11, 8), "100.00")
    world.sale("never", "b1", date(2026, 11, 8), "100.00")
    world.run()
    assert (world.balance("a:available"), world.balance("b:available")) == ("5.00", "0.00")
    with transaction(world.engine) as session:
        decide(session, a.id, "suspend", "op", "fraud", world.now)
        with pytest.raises(Refused, match="suspended"):
            decide(session, a.id, "suspend", "op", "fraud", world.now)
    world.sale("after", "a1", date(2026, 11, 10), "100.00", hour=10)
    world.run()
    assert world.balance("a:available") == "5.00"


def test_what_the_line_cannot_pay_waits_the_oldest_first(world: World) -> None:
    world.fund(line="7.00")
    world.program(SALE)
    world.sale("o2", "b1", date(2026, 11, 6), "100.00")
    world.sale("o1", "a1", date(2026, 11, 5), "100.00")
    world.run()
    assert [world.balance(x) for x in ("a:available", "b:available", "line")] == ["5.00", "2.00", "0.00"]
    with transaction(world.engine) as session:
        line = get_fund(session, "main", world.now, world.settings).lines[0]
    assert (line.waiting, line.spent) == (rub("3.00"), rub("7.00"))
    world.refund("o1", "40.00")
    world.run()
    assert [world.balance(x) for x in ("a:available", "b:available", "line")] == ["3.00", "4.00", "0.00"]


def test_a_fund_never_takes_more_than_its_budget(world: World) -> None:
    world.fund()
    with transaction(world.engine) as session, pytest.raises(Refused) as caught:
        deposit_money(session, "main", rub("0.01"), None, "fin", world.now, world.settings)
    assert caught.value.code == "budget_exceeded"


def test_daily_allocations_accumulate_or_return(engine: Engine) -> None:
    world = World(engine, NOW)
    world.fund(line="10.00", per="day")
    from rewards.allocate import allocate  # noqa: PLC0415
    from rewards.lines import create_line  # noqa: PLC0415

    with transaction(engine) as session:
        create_line(
            session, "main", "m", "no rollover", rub("10.00"), "day", False, world.now, world.settings
        )
    for _ in range(2):
        world.later(days=1)
        for _ in range(2):
            with transaction(engine) as session:
                allocate(session, world.now, world.settings)
    with transaction(engine) as session:
        lines = {line.id: line for line in get_fund(session, "main", world.now, world.settings).lines}
        assert get_fund(session, "main", world.now, world.settings).unallocated == rub("999960.00")
    assert (lines["l"].balance, lines["l"].allocated) == (rub("30.00"), rub("30.00"))
    assert (lines["m"].balance, lines["m"].allocated) == (rub("10.00"), rub("10.00"))


def test_the_first_version_may_start_in_the_past(world: World) -> None:
    world.fund()
    world.sale("o1", "a1", date(2026, 11, 5), "100.00")
    world.tally("b1", date(2026, 11, 5), views=1000)
    world.run()
    world.program(SALE + REACH)
    world.run()
    assert (world.balance("a:available"), world.balance("b:available")) == ("5.00", "2.00")


def test_an_absurd_formula_is_clamped_and_stops_nobody(world: World) -> None:
    world.fund()
    world.program([
        {"name": "absurd", "grain": "sale", "where": "category = 'absurd'", "amount": "amount * 999999999999 * 999999999999"},
        {"name": "negative", "grain": "sale", "where": "category = 'absurd'", "amount": "0 - amount"},
        *SALE,
    ])  # fmt: skip
    world.sale("o0", "b1", date(2026, 11, 5), "100.00")
    world.sale("o1", "a1", date(2026, 11, 6), "100.00", category="absurd")
    world.run()
    assert (world.balance("b:available"), world.balance("line")) == ("5.00", "0.00")


def test_any_order_of_facts_gives_what_the_model_gives(world: World) -> None:
    """Sales and refunds in random order, with runs in between, against the plain model."""
    chance = random.Random(20261102)
    formula = "graduated(amount, 50: 7%, 3.3333%)"
    world.fund(line="900000.00")
    world.program([{"name": "g", "grain": "sale", "amount": formula}, *REACH])
    views: dict[tuple[str, date], list[int]] = {}
    for number in range(120):
        day = START + timedelta(days=chance.randrange(8))
        content = chance.choice(["a1", "a2", "b1", "c1"])
        kind = chance.random()
        if kind < 0.5 or not world.shares:
            world.sale(
                f"o{number}", content, day, str(Money(chance.randrange(1, 20000) * 10_000, "RUB").amount)
            )
        elif kind < 0.7:
            order = chance.choice(sorted(world.shares))
            left = world.shares[order]["amount"] - world.shares[order]["taken"]
            if left:
                world.refund(order, Money(chance.randrange(1, left // 10_000 + 1) * 10_000, "RUB").amount)
        else:
            count = views.setdefault((content, day), [0, 0])
            more = (chance.randrange(1000), chance.randrange(50))
            count[0], count[1] = count[0] + more[0], count[1] + more[1]
            world.tally(content, day, *more)
        if chance.random() < 0.1:
            world.run()
    world.run()
    owed = dict.fromkeys("abc", 0)
    for known in world.shares.values():
        owed[known["content"][0]] += owed_for_sale(formula, known["amount"], known["taken"])
    for (content, _), (seen, clicked) in views.items():
        owed[content[0]] += 2000 * seen + 10_000 * clicked
    assert {c: world.balance(f"{c}:available") for c in "abc"} == {
        c: Money(m, "RUB").amount for c, m in owed.items()
    }
    assert rub("900000.00") - rub(world.balance("line")) == Money(sum(owed.values()), "RUB")


def test_eight_accruers_at_once_post_once(world: World) -> None:
    world.fund()
    world.program(SALE)
    for number in range(40):
        world.sale(f"o{number}", "a1", date(2026, 11, 5), "10.00")

    def work(_: int) -> None:
        for _ in range(3):
            with transaction(world.engine) as session:
                price(session, world.now, world.settings, limit=7)
            with transaction(world.engine) as session:
                accrue(session, world.now, world.settings, limit=5)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    world.run()
    assert (world.balance("a:available"), world.balance("line")) == ("20.00", "9980.00")
