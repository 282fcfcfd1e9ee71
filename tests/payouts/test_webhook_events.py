"""What Stripe tells comes to the same end in whatever order, however often, or by a poll alone."""

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from core.money import Money
from core.settings import Settings
from jobs.stripe_events import step as handle
from jobs.stripe_poll import step as poll
from payouts.attempts import plan_attempts
from payouts.claim import claim_ready
from payouts.record import record
from payouts.settle import reverse_row
from payouts.store import find_payout
from payouts.stripe.client import stripe_client
from payouts.stripe.events import get_event, list_events, parse_event, receive
from payouts.stripe.transfer import deliver

Json = dict[str, Any]


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


def take(market: StripeWorld, *events: Json, settings: Settings | None = None) -> int:
    """Events into the inbox, as a webhook would bring them; how many are to be handled."""
    taken = 0
    with transaction(market.engine) as session:
        for event in events:
            parsed, whole = parse_event(json.dumps(event).encode())
            taken += receive(session, parsed, whole, settings or market.settings, market.now)
    return taken


def handled(market: StripeWorld) -> Json:
    counts: Json = {}
    while done := handle(market.context):
        for name, count in done.items():
            counts[name] = counts.get(name, 0) + count
    assert market.proved()
    return counts


def polled(market: StripeWorld) -> None:
    while any(poll(market.context).values()):
        pass
    handled(market)


def paid(market: StripeWorld, name: str = "c1", amount: str = "10.00") -> tuple[str, str]:
    """A payout that is paid; its id and its transfer's."""
    market.paid_by_stripe(name, amount)
    run = market.approved([name])
    market.send()
    payout = market.one(run)
    return payout.id, payout.reference or ""


def reverse(market: StripeWorld, transfer: str, amount: int) -> None:
    stripe_client(market.settings).v1.transfers.reversals.create(transfer, {"amount": amount})


def notes(market: StripeWorld) -> list[tuple[str, str | None]]:
    with transaction(market.engine) as session:
        return [
            (row.state, row.note)
            for _, row in reversed(list_events(session, state=None, limit=99, after=None))
        ]


def test_every_order_of_a_transfers_events_ends_the_same(market: StripeWorld) -> None:
    """W4: created, updated, a part reversed, the rest reversed, in all 24 orders, each with a repeat."""
    for number, order in enumerate(itertools.permutations(range(4))):
        name = f"c{number}"
        _, transfer = paid(market, name)
        stripe_client(market.settings).v1.transfers.update(transfer, {"metadata": {"note": "x"}})
        reverse(market, transfer, 300)
        reverse(market, transfer, 700)
        told = [each for each in market.stripe.control("events") if each["data"]["object"]["id"] == transfer]
        assert len(told) == 4
        for place in order:
            take(market, told[place])
            handled(market)
        assert take(market, *told) == 0
        assert market.dollars(name) == ("10.00", "0.00", "0.00")


def test_parts_are_credited_as_they_are_reversed(market: StripeWorld) -> None:
    """P18, W8: a part that nobody here asked for is credited once, and said."""
    payout, transfer = paid(market)
    reverse(market, transfer, 300)
    [told] = [each for each in market.stripe.control("events") if each["type"] == "transfer.reversed"]
    assert take(market, told) == 1
    assert handled(market) == {"done": 1}
    assert market.dollars("c1") == ("3.00", "0.00", "7.00")
    assert market.findings() == ["reversed_unasked"]
    stale = told | {"id": "evt_late", "data": {"object": told["data"]["object"] | {"amount_reversed": 0}}}
    assert take(market, stale | {"type": "transfer.updated"}) == 1  # W5
    assert handled(market) == {"done": 1}
    assert market.dollars("c1") == ("3.00", "0.00", "7.00")
    reverse(market, transfer, 700)
    polled(market)
    assert market.dollars("c1") == ("10.00", "0.00", "0.00")
    with transaction(market.engine) as session:
        assert find_payout(session, payout).state == "returned"


def test_a_reversal_of_ours_is_not_credited_twice(market: StripeWorld) -> None:
    """W8: whoever asked has credited it when the event comes."""
    payout, transfer = paid(market)
    with transaction(market.engine) as session:
        session.execute(
            text(
                "INSERT INTO reversal (payout_id, amount, reason, asked_by, key, state)"
                " SELECT id, 3000000, 'x', 'anna', 'k', 'done' FROM payout"
            )
        )
    reverse(market, transfer, 300)
    market.do(lambda session: reverse_row(session, find_payout(session, payout, lock=True), Money.parse("3.00", "USD"), "trr", market.now))  # fmt: skip
    polled(market)
    assert market.dollars("c1") == ("3.00", "0.00", "7.00")
    assert market.findings() == []


def test_an_unknown_payout_is_looked_up_at_once_when_an_event_tells_of_it(market: StripeWorld) -> None:
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_after")
    market.send()
    assert market.states(run) == ["unknown"]
    with transaction(market.engine) as session:
        session.execute(text("UPDATE payout_attempt SET next_at = '2027-01-01'"))
    assert take(market, *market.stripe.control("events")) == 1
    assert handled(market) == {"done": 1}
    assert market.states(run) == ["unknown"]
    assert market.look_up(timedelta(0)) == {"confirmed": 1}
    assert market.states(run) == ["paid"]


def test_what_is_taken_back_while_a_worker_has_the_payout_is_credited(market: StripeWorld) -> None:
    """The worker was told of the whole transfer and writes that down later; the event waits until it has."""
    account = market.paid_by_stripe("c1")
    run = market.approved()
    with transaction(market.engine) as session:
        plan_attempts(session, market.now)
    with transaction(market.engine) as session:
        [work] = claim_ready(session, market.vault, market.now, 10)
    outcome = deliver(stripe_client(market.settings), work)
    [transfer] = market.stripe.transfers()
    assert transfer["destination"] == account
    reverse(market, transfer["id"], 300)
    take(market, *market.stripe.control("events"))
    assert handled(market) == {"retried": 2}
    with transaction(market.engine) as session:
        assert record(session, work, outcome, market.now) == "confirmed"
    assert market.dollars("c1") == ("0.00", "0.00", "10.00")
    market.now += timedelta(minutes=5)
    assert handled(market) == {"done": 2}
    assert market.dollars("c1") == ("3.00", "0.00", "7.00")
    assert market.states(run) == ["paid"]


def test_a_transfer_that_should_not_be_is_said(market: StripeWorld) -> None:
    """A second transfer of a payout, and one of a payout that was never sent; what was reversed whole is no trouble."""
    payout, _ = paid(market)
    account = market.paid_by_stripe("c2")
    reserved = market.payouts(market.approved(["c2"]))[0].id
    v1 = stripe_client(market.settings).v1
    for group in (payout, reserved):
        made = v1.transfers.create(
            {"amount": 1000, "currency": "usd", "destination": account, "transfer_group": group}
        )
    polled(market)
    assert sorted(market.findings()) == ["paid_there_not_here", "twice_there"]
    assert market.dollars("c2") == ("0.00", "10.00", "10.00")
    with transaction(market.engine) as session:
        session.execute(text("UPDATE difference SET resolved_at = now()"))
    reverse(market, made.id, 1000)
    polled(market)
    assert market.findings() == []


def test_what_is_not_for_us_is_kept_without_effect(market: StripeWorld) -> None:
    """W7."""
    _, transfer = paid(market)
    reverse(market, transfer, 1000)
    told = market.stripe.control("events")[-1]
    strange = [
        told | {"id": "evt_live", "livemode": True},
        told | {"id": "evt_new", "api_version": "2027-01-01.fern"},
        told | {"id": "evt_type", "type": "radar.early_fraud_warning.created"},
        told | {"id": "evt_account", "account": "acct_other"},
        told | {"id": "evt_shape", "data": {"object": {}}},
        told | {"id": "evt_gone", "data": {"object": {"id": "tr_nobody"}}},
        told | {"id": "evt_acct", "type": "account.updated", "account": "acct_nobody"},
        told | {"id": "evt_payout", "type": "payout.paid", "account": "acct_nobody"},
    ]
    assert take(market, *strange) == 3
    handled(market)
    assert {state for state, _ in notes(market)} == {"ignored"}
    assert market.dollars("c1") == ("0.00", "0.00", "10.00")
    with transaction(market.engine) as session:
        assert get_event(session, "evt_new").note == "api_version 2027-01-01.fern is newer than ours"


def test_while_stripe_is_silent_events_wait_and_few_calls_are_made(market: StripeWorld) -> None:
    for number in range(5):
        paid(market, f"c{number}")
    take(market, *market.stripe.control("events"))
    market.stripe.fault("html_before", match="GET .*", times=None)
    assert [handle(market.context) for _ in range(3)] == [{}, {}, {}]
    assert market.stripe.control("hits") == [3]
    market.stripe.control("clear_faults")
    market.now = market.now.replace(minute=1)
    assert handled(market) == {"done": 5}


def test_one_bad_event_does_not_stop_the_others(market: StripeWorld) -> None:
    paid(market)
    [told] = market.stripe.control("events")
    bad = told | {"id": "evt_bad", "data": {"object": {"id": "tr_bad"}}}
    market.stripe.fault(
        "answer", match="GET /v1/transfers/tr_bad", status=400, error={"message": "no", "code": "odd"}
    )
    take(market, bad, told)
    assert handled(market) == {"failed": 1, "done": 1}
    assert market.findings() == ["event_failed"]


def test_polls_go_on_where_the_last_one_ended(market: StripeWorld) -> None:
    """Webhooks never come: reversals and top-ups arrive all the same, and nothing is asked for twice."""
    _, transfer = paid(market)
    reverse(market, transfer, 400)
    polled(market)
    assert market.dollars("c1")[0] == "4.00"
    listed = len(market.stripe.log("GET", "/v1/events"))
    polled(market)
    assert len(market.stripe.log("GET", "/v1/events")) == listed + 1
    market.stripe.control("clock", advance=7200)
    market.now = market.now.replace(hour=11)
    reverse(market, transfer, 100)
    polled(market)
    assert market.dollars("c1")[0] == "5.00"


def test_without_a_key_nothing_is_asked(market: StripeWorld) -> None:
    paid(market)
    take(market, *market.stripe.control("events"))
    market.settings = replace(market.settings, stripe_api_key=None)
    assert (handle(market.context), poll(market.context)) == ({}, {})
