"""Real processes: killed the moment Stripe has the call, and several at work on one run."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = """
import sys
from dataclasses import replace
from datetime import datetime
from core.database import make_engine
from core.secrets import vault_of
from core.settings import load_settings
from jobs.job import Context
from jobs.send_stripe import step
engine = make_engine(sys.argv[1], "Europe/Moscow")
given = {"KOPECK_STRIPE_API_KEY": "sk_test_x", "KOPECK_STRIPE_API_BASE": sys.argv[2], "KOPECK_STRIPE_RATE": "500"}
context = Context(engine, load_settings(given), vault_of(b"k" * 32), lambda: datetime.fromisoformat(sys.argv[3]))
while any(step(context).values()):
    pass
"""


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


def worker(market: StripeWorld) -> subprocess.Popen[bytes]:
    url = market.engine.url.render_as_string(False)
    arguments = [sys.executable, "-c", WORKER, url, market.stripe.base, market.now.isoformat()]
    return subprocess.Popen(arguments, cwd=ROOT)


def test_killed_when_stripe_has_the_call(market: StripeWorld) -> None:
    """P2: three workers die, each in the middle of its calls; every payout is paid by one transfer."""
    market.crowd(110)
    run = market.approved()
    for skip in (3, 11, 6):
        dying = worker(market)
        market.stripe.fault("kill", skip=skip, pid=dying.pid)
        assert dying.wait(60) == -9
    market.send()
    assert set(market.states(run)) == {"paid", "sending"}
    for _ in range(5):
        market.look_up(timedelta(minutes=2))
    assert set(market.states(run)) == {"paid"}
    assert len(market.stripe.transfers()) == 110
    assert len({each["transfer_group"] for each in market.stripe.transfers()}) == 110


def test_three_processes_send_one_run(market: StripeWorld) -> None:
    market.crowd(90)
    run = market.approved()
    for each in [worker(market) for _ in range(3)]:
        assert each.wait(60) == 0
    market.send()
    assert set(market.states(run)) == {"paid"}
    assert len(market.posts()) == len(market.stripe.transfers()) == 90
    assert market.proved()
