"""An absurd formula stops no batch: what an older version promises past all measure is clamped, and found."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from reward_world import World, rub
from sqlalchemy import Engine

from core.database import transaction
from jobs.checks import CHECKS
from ledger.verify import run_checks
from rewards.explain_story import Question
from rewards.explain_zero import explain_program

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
THEN = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAY = date(2026, 11, 13)


@pytest.fixture
def world(engine: Engine) -> World:
    """Twelve contents of a creator, each seen on a day of the second version."""
    made = World(engine, NOW)
    made.fund()
    made.creators("a")
    for number in range(12):
        made.content(f"a{number}", "a")
    return made


def day_rule(amount: str, **more: Any) -> dict[str, Any]:
    return {"name": "views", "grain": "content_day", "amount": amount} | more


def test_a_promise_past_all_measure_is_clamped(world: World) -> None:
    world.program([day_rule("views * 999999999999 * 10")], open_to="applications", rate_protection_days=5)
    world.sql(
        "INSERT INTO membership (program, creator, since) VALUES ('prog', 'a', :d)", d=DAY - timedelta(3)
    )
    world.version([day_rule("views")], date(2026, 11, 12))
    for number in range(12):
        world.tally(f"a{number}", DAY, views=1)
    world.now = THEN
    world.run()
    [(target, clamped)] = world.sql("SELECT target, clamped FROM reward_target WHERE key = :k", k=f"{DAY}/a")
    assert (target, clamped) == (10**18, True)
    with transaction(world.engine) as session:
        assert "reward_clamped" in {each.check for each in run_checks(session, CHECKS)}
        asked = Question(creator="a", day=DAY)
        told = explain_program(session, "prog", asked, world.now, world.settings)
    assert told.outcome == "waiting"


def test_a_cap_is_explained_whatever_it_cut(world: World) -> None:
    cap = [{"per": "creator_day", "amount": rub("5.00")}]
    world.program([day_rule("views * 999999999999 * 10", caps=cap)])
    for number in range(12):
        world.tally(f"a{number}", DAY, views=1)
    world.now = THEN
    world.run()
    assert world.sql("SELECT count(*) FROM reward").scalar() == 1
    with transaction(world.engine) as session:
        told = explain_program(session, "prog", Question(creator="a", day=DAY), world.now, world.settings)
    assert [len(rule.keys) for rule in told.rules] == [12]
