"""What a reconciliation finds of a payout that nobody knew of is mended when it is known, not a day later."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from jobs.reconcile import step as reconcile
from payouts.resolve import resolve
from payouts.stripe.client import stripe_client


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


def test_what_was_taken_back_of_a_payout_that_a_person_decided(market: StripeWorld) -> None:
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_after")
    market.send()
    [transfer] = market.stripe.transfers()
    stripe_client(market.settings).v1.transfers.reversals.create(transfer["id"], {"amount": 300})
    market.now += timedelta(hours=25)
    market.stripe.control("clock", advance=25 * 3600)
    with transaction(market.engine) as session:  # its look-ups failed until now
        session.execute(text("UPDATE payout_attempt SET next_at = :at"), {"at": market.now + timedelta(1)})
    payout = market.one(run)
    market.do(resolve, payout.id, "sent", transfer["id"], "seen there", "carla", market.now)
    assert market.dollars("c1") == ("0.00", "0.00", "10.00")

    market.now += timedelta(minutes=20)
    assert reconcile(market.context)["differences"] == 1
    assert market.dollars("c1") == ("3.00", "0.00", "7.00")
    assert market.findings() == ["reversed_unasked"]
    assert market.proved()


def test_what_was_found_there_stops_nothing_once_it_is_known_here(market: StripeWorld) -> None:
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_after")
    market.send()
    market.now += timedelta(minutes=20)
    reconcile(market.context)
    assert market.findings() == ["paid_there_not_here"]
    market.look_up()
    assert market.states(run) == ["paid"]
    assert market.findings() == []
