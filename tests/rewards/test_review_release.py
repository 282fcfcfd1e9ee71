"""A release that is cut short by its limit never releases what was given without what was taken back of it."""

from datetime import UTC, datetime

import pytest
from reward_world import START, World
from sqlalchemy import Engine

from core.database import transaction
from rewards.accrue import accrue
from rewards.price import price
from rewards.release import release


@pytest.fixture
def world(engine: Engine) -> World:
    """Two sales of a creator, of which the first was refunded whole before it matured; all mature together."""
    world = World(engine, datetime(2026, 11, 2, 9, tzinfo=UTC))
    world.creators("c1", "c2")
    for creator in ("c1", "c2"):
        world.content(f"k{creator}", creator)
    world.fund()
    world.program([{"name": "percent", "grain": "sale", "amount": "amount * 10%"}], hold=5)
    world.sale("o1", "kc1", START, "1000.00")
    world.sale("o2", "kc2", START, "500.00")
    world.run()
    world.refund("o1", "1000.00")
    with transaction(engine) as session:
        price(session, world.now, world.settings)
    with transaction(engine) as session:
        assert accrue(session, world.now, world.settings) == 1
    world.later(days=8)
    return world


def test_a_limit_never_parts_what_was_given_from_what_was_taken_back(world: World) -> None:
    released = []
    while True:
        with transaction(world.engine) as session:
            if not (count := release(session, world.now, limit=1)):
                break
        released.append(count)
        assert world.balance("c1:available") == "0.00"
    assert sum(released) == 3
    assert world.balance("c2:available") == "50.00"
    world.run()
