"""A first version may start years back: queueing its history is not cut off like a page of a list."""

from datetime import UTC, datetime

from reward_world import START, World
from sqlalchemy import Engine, text

from core.database import transaction
from rewards.activate import activate_version
from rewards.versions import draft_version


def test_the_start_of_a_first_version_may_take_minutes(engine: Engine) -> None:
    world = World(engine, datetime(2026, 11, 10, 9, tzinfo=UTC))
    world.fund()
    rules = [{"name": "percent", "grain": "sale", "amount": "amount * 10%"}]
    world.program(rules, id="known")
    with transaction(engine) as session:
        session.execute(text("INSERT INTO program (id, name, currency, fund, line, policy, hold_days, open)"
                             " SELECT 'new', name, currency, fund, line, policy, hold_days, open FROM program"))  # fmt: skip
        draft_version(session, "new", START, rules, "op")
    with transaction(engine) as session:
        activate_version(session, "new", 1, "op", world.now, world.settings)
        assert session.scalar(text("SHOW statement_timeout")) == "5min"
