"""A marketplace with one seller's money, and who races on it."""

from collections.abc import Iterator

import pytest
from bounty_many import Race
from bounty_world import World, build
from sqlalchemy import Engine, text


@pytest.fixture
def world(engine: Engine) -> World:
    return build(engine)


@pytest.fixture
def race(world: World, owner: Engine) -> Iterator[Race]:
    """Proved as a whole at the end; nobody had to be killed for a deadlock."""
    made = Race(world)
    yield made
    made.pool.shutdown()
    world.proved()
    world.engine.dispose()
    with owner.connect() as connection:
        query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert connection.scalar(query) == 0
