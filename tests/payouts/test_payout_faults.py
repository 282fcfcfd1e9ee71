"""Payouts by real processes while Stripe is silent, in a hurry or against people who cancel."""

import json
import os
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from payout_processes import Processes, all_payouts, eventually, once_each
from stripe_standin.webhooks import signature
from stripe_world import StripeWorld

from core.database import transaction
from core.errors import Refused
from payouts.cancel import cancel_payout
from payouts.store import Payout

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="stops processes"),
]


def test_p10_w10_a_frozen_stripe_costs_few_calls_and_the_api_answers(
    live: StripeWorld, service: Processes
) -> None:
    """It takes connections and answers nothing; what it was sent meanwhile takes effect when it wakes up."""
    live.crowd(40)
    run = live.approved()
    service.serve()
    event = json.dumps({"id": "evt_1", "object": "event", "type": "transfer.created", "created": 1, "livemode": False,
        "data": {"object": {"id": "tr_1"}}}).encode()  # fmt: skip
    os.kill(live.stripe.pid, signal.SIGSTOP)
    try:
        service.work()
        slowest, asked = 0.0, 0
        while service.count(run)["unknown"] < 5:
            assert service.call("GET", "/v1/payouts?limit=5")[0] == 200
            signed, began = signature("whsec_1", event, int(time.time())), time.monotonic()
            assert (
                service.call("POST", "/v1/webhooks/stripe", event, **{"Stripe-Signature": signed})[0] == 200
            )
            slowest, asked = max(slowest, time.monotonic() - began), asked + 1
            time.sleep(0.2)
    finally:
        os.kill(live.stripe.pid, signal.SIGCONT)
    assert asked > 10 and slowest < 4, (
        "W10: an event is acknowledged within 2 s, whatever its handling waits for"
    )
    assert len(eventually(live.posts)) < 20, "the brake is on after five"
    for _ in range(3):
        service.pass_time(60)
        time.sleep(1)
    service.until(run, paid=40)
    assert once_each(live, run)


def test_p16_two_hundred_cancellations_race_with_the_sending(live: StripeWorld, service: Processes) -> None:
    """Cancelled and no transfer, or paid and one; the answer that was given stands."""
    live.crowd(200)
    run = live.approved()
    payouts = all_payouts(live, run)
    Random(20261122).shuffle(payouts)
    live.stripe.control("set", latency=0.05)

    def cancel(payout: Payout) -> str:
        try:
            with transaction(live.engine) as session:
                return cancel_payout(session, payout.id, "boris", live.now).state
        except Refused as refused:
            return refused.code

    service.work()
    eventually(live.stripe.transfers)
    with ThreadPoolExecutor(2) as pool:
        answers = dict(zip((each.id for each in payouts), pool.map(cancel, payouts), strict=True))
    eventually(lambda: set(service.count(run)) == {"cancelled", "paid"})
    sent = Counter(each["transfer_group"] for each in live.stripe.transfers())
    assert set(sent.values()) == {1}
    for payout in all_payouts(live, run):
        assert (payout.state == "cancelled") == (answers[payout.id] == "cancelled") == (payout.id not in sent)
    assert live.proved()


def test_p23_a_rate_below_ours_is_kept_to(live: StripeWorld, service: Processes) -> None:
    """429 to a crowd of eight at once: pauses, all are paid once, and we never exceed our own rate."""
    service.given["KOPECK_STRIPE_RATE"] = "20"
    live.crowd(100)
    run = live.approved()
    live.stripe.control("set", rate=10)
    service.work()
    service.until(run, 120, paid=100)
    live.stripe.control("set", rate=0)
    assert once_each(live, run)
    calls = live.posts()
    refused = sum(each["status"] == 429 for each in calls)
    assert 0 < refused < 200
    per_second = Counter(int(each["at"]) for each in live.stripe.log())
    assert max(per_second.values()) <= 2 * 20
