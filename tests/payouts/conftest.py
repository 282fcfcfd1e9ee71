"""The marketplace of the payout tests, and the stand-in for Stripe."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from payout_processes import Processes, processes
from payout_world import World
from reconcile_world import Books, paid_books
from sqlalchemy import Engine
from stripe_standin.client import CONTRACT, StripeStandin, running_standin
from stripe_world import StripeWorld

from core import clock
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


@pytest.fixture
def live(engine: Engine, vault: Vault, stripe: StripeStandin) -> StripeWorld:
    """A market at the machine's own time, for processes that know no other."""
    stripe.control("clock", at=(now := clock.now()).timestamp())
    return StripeWorld(engine, vault, now).at(stripe)


@pytest.fixture
def service(live: StripeWorld, owner: Engine, tmp_path: Path) -> Iterator[Processes]:
    """Its processes."""
    with processes(live, owner, tmp_path) as made:
        yield made


@pytest.fixture
def books(engine: Engine, vault: Vault, now: datetime, stripe: StripeStandin) -> Books:
    """Four payouts that Stripe paid, and its transfers."""
    return paid_books(StripeWorld(engine, vault, now), stripe)
