"""The marketplace of the payout tests, and the stand-in for Stripe."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from payout_world import World
from sqlalchemy import Engine
from stripe_standin.client import CONTRACT, StripeStandin, running_standin

from core.secrets import Vault


@pytest.fixture
def world(engine: Engine, vault: Vault, now: datetime) -> World:
    return World(engine, vault, now)


@pytest.fixture
def stripe(now: datetime) -> Iterator[StripeStandin]:
    """Stripe's stand-in, its clock at `now`; at the end every exchange must have been as the contract has it."""
    with running_standin() as standin:
        standin.control("clock", at=now.timestamp())
        yield standin
        if CONTRACT.is_dir():
            assert standin.complaints() == []
