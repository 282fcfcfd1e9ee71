"""Everything at once: whatever was paid, cut, promised, shared or taken back is explained, and the checks are silent."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fund_world import give, line, pay_in, seller, transfer
from pool_world import PoolWorld, pool
from reward_world import rub
from sqlalchemy import Engine

from core.database import transaction
from core.ids import public_id
from jobs.checks import CHECKS
from ledger.verify import run_checks
from rewards.explain import explain_reward
from rewards.explain_story import Question
from rewards.explain_zero import explain_program

DAY = timedelta(1)
FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 20)


def rule(name: str, grain: str, amount: str, *caps: tuple[str, str], short: str = "wait") -> dict[str, Any]:
    limits = [{"per": per, "amount": rub(most)} for per, most in caps]
    return {"name": name, "grain": grain, "amount": amount, "caps": limits, "on_shortfall": short}


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    """A program with every grain, cap and pool whose second version pays less, one that sellers pay, one cut short."""
    made = PoolWorld(engine, datetime(2026, 11, 10, 9, tzinfo=UTC))
    made.creators("a", "b", "c")
    for content, creator in {"a1": "a", "a2": "a", "b1": "b"}.items():
        made.content(content, creator, FIRST)
    seller(made)
    made.sql(
        "INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p', 's', 'p', 'home', 1, 'RUB')"
    )
    made.fund()
    line(made, "thin", "7.77")
    first = [
        rule("sale", "sale", "amount * 10%", ("creator_day", "9.00"), ("program_month", "60.00")),
        rule("content", "content_day", "views * 0.1", ("creator_month", "20.00")),
        rule("creator", "creator_day", "if(views > 10, 5, 0)"),
        rule("product", "product_day", "clicks", ("program_day", "4.00")),
        rule("month", "creator_month", "views * 0.01"),
        pool("10.00", "month", name="stars", top=1),
        pool("3.00", "day", "amount", "sale", name="daily"),
    ]
    made.program(first, since=FIRST, rate_protection_days=30)
    second = [rule("sale", "sale", "amount * 1%"), rule("content", "content_day", "views * 0.01")]
    made.version(second, SECOND)
    own = [rule("own", "sale", "amount * 5%"), rule("clicked", "product_day", "clicks * 2")]
    made.program(own, id="own", sellers=True, since=FIRST, rate_protection_days=30)
    made.version([rule("own", "sale", "amount")], SECOND, "own")
    pay_in(made, "s", "40.00")
    made.program(
        [rule("cut", "content_day", "views", short="prorate")], id="cut", line="thin", since=FIRST, hold=3
    )
    return made


def happen(world: PoolWorld) -> None:
    for number, day in enumerate((FIRST, FIRST + DAY, SECOND, SECOND + DAY)):
        for content, views in (("a1", 20), ("a2", 7), ("b1", 50)):
            world.tally(content, day, views + number, clicks=number)
        world.sale(f"o{number}", "a1", day, "70.00")
        world.sale(f"q{number}", "b1", day, "120.00", hour=11)


def settle(world: PoolWorld) -> None:
    world.in_()
    world.split()
    world.run()


def test_all_of_it_is_explained(world: PoolWorld) -> None:
    happen(world)
    world.now = datetime(2026, 12, 3, 9, tzinfo=UTC)
    settle(world)
    world.refund("o0", "30.00")
    world.refund("q2", "120.00")
    give(world, "a", "5.00")
    transfer(world, "l", "thin", "30.00")
    settle(world)
    world.tally("a1", FIRST, views=-15)
    world.now = datetime(2026, 12, 20, 9, tzinfo=UTC)
    settle(world)
    world.sale("late", "a2", FIRST, "55.00", hour=1)
    settle(world)
    with transaction(world.engine) as session:
        assert [each for each in run_checks(session, CHECKS) if each.halts] == []
    [kinds] = world.sql(
        "SELECT string_agg(DISTINCT r.name, ' ' ORDER BY r.name) AS rules, bool_or(w.kind = 'cut') AS cut, bool_or(w.amount < 0) AS back FROM reward w"
        " JOIN reward_target t ON t.id = w.target_id JOIN rule r ON r.id = t.rule_id"
    )
    assert (kinds.cut, kinds.back) == (True, True)
    everything = "clicked content creator cut daily month own product rate_protection sale stars"
    assert kinds.rules == everything
    for row in world.sql("SELECT id, recorded_at FROM reward"):
        with transaction(world.engine) as session:
            told = explain_reward(session, public_id("rwd", row.id, row.recorded_at), world.settings)
        pool_ = told["pool"] is not None
        assert pool_ or not told["changed"], told["sentences"]
    asked = [Question(creator=c, day=FIRST + n * DAY) for c in "abc" for n in range(22)]
    asked += [Question(creator=c, month=date(2026, 11, 1)) for c in "abc"]
    asked += [
        Question(creator=c, order=o, product="p", discreet=d)
        for c in "abc" for o in ("o0", "q2", "late") for d in (True, False)
    ]  # fmt: skip
    for program in ("prog", "own", "cut"):
        for each in asked:
            with transaction(world.engine) as session:
                assert explain_program(session, program, each, world.now, world.settings).sentences
