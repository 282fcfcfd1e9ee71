"""The marketplace of the payout tests."""

from datetime import datetime

import pytest
from payout_world import World
from sqlalchemy import Engine

from core.secrets import Vault


@pytest.fixture
def world(engine: Engine, vault: Vault, now: datetime) -> World:
    return World(engine, vault, now)
