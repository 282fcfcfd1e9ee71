"""Payouts by Stripe in trouble that lasts: rate limits, a refused key, transfers made by hand, nobody there."""

from datetime import timedelta

import pytest
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from payouts.stripe.client import stripe_client


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


def test_too_many_calls_are_slowed_down(market: StripeWorld) -> None:
    """P23: 429 to a crowd; all are paid once."""
    market.crowd(30)
    run = market.approved()
    market.stripe.fault("rate_limit", times=10, retry_after=1)
    market.send()
    for _ in range(5):
        market.now += timedelta(minutes=1)
        market.send()
    assert set(market.states(run)) == {"paid"}
    assert len(market.stripe.transfers()) == 30
    assert len({each["key"] for each in market.posts()}) == 30


def test_a_refused_key_stops_all_and_rejects_nothing(market: StripeWorld) -> None:
    market.crowd(30)
    run = market.approved()
    market.stripe.control("set", keys_valid=False)
    market.send()
    assert market.findings() == ["key_refused"]
    assert set(market.states(run)) == {"reserved"}
    calls = len(market.posts())
    assert calls <= 8
    market.send()
    market.now += timedelta(minutes=5)
    assert market.send() == {}  # asked again, refused again
    assert len(market.posts()) == calls
    market.stripe.control("set", keys_valid=True)
    market.now += timedelta(minutes=20)
    market.send()
    assert set(market.states(run)) == {"paid"}
    assert market.findings() == []


def test_two_transfers_of_one_payout_are_told(market: StripeWorld) -> None:
    """Somebody made a second one by hand: a difference, and nothing more is sent or settled."""
    account = market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_before")
    market.send()
    payout = market.one(run)
    for key in ("by-hand-1", "by-hand-2"):
        transfer_by_hand(market, payout.id, account, key)
    calls = len(market.posts())
    for _ in range(2):
        market.look_up()
    assert market.states(run) == ["unknown"]
    assert market.findings() == ["twice_there"]
    assert len(market.posts()) == calls


def transfer_by_hand(market: StripeWorld, group: str, account: str, key: str, amount: int = 1000) -> str:
    made = stripe_client(market.settings).v1.transfers.create(
        {"amount": amount, "currency": "usd", "destination": account, "transfer_group": group},
        {"idempotency_key": key},
    )
    return str(made.id)


def test_another_amount_is_not_adopted(market: StripeWorld) -> None:
    account = market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_before")
    market.send()
    transfer_by_hand(market, market.one(run).id, account, "by-hand", amount=999)
    market.look_up()
    assert market.states(run) == ["unknown"]
    assert market.findings() == ["differs"]


def test_stripe_away_for_half_an_hour(market: StripeWorld) -> None:
    """P10: few calls, ever more seldom; everything leaves afterwards."""
    market.crowd(60)
    run = market.approved()
    market.stripe.fault("drop_before", match=".*", times=None)
    for _ in range(90):
        market.pass_seconds(20)
    calls = len(market.stripe.log())
    assert 10 < calls < 150, calls
    assert set(market.states(run)) == {"reserved", "unknown"}
    market.stripe.control("clear_faults")
    for _ in range(15):
        market.pass_seconds(300)
    assert set(market.states(run)) == {"paid"}
    assert len(market.stripe.transfers()) == 60
    assert market.proved()
