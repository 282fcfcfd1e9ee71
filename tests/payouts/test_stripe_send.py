"""Payouts by Stripe leave once: what the answers mean, and what stands when there is none."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from payouts.attempt import Work
from payouts.attempts import plan_attempts
from payouts.cancel import cancel_payout
from payouts.claim import claim_doubtful, claim_ready
from payouts.hold import hold_payout, release_payout
from payouts.payee import put_payee
from payouts.record import record
from payouts.record_paid import record_paid
from payouts.stripe.client import stripe_client
from payouts.stripe.outcome import Outcome
from payouts.stripe.transfer import deliver


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


def test_a_payout_is_one_transfer(market: StripeWorld) -> None:
    """P1: one call, with key, group and metadata."""
    account = market.paid_by_stripe("c1", "12.345678")
    run = market.approved()
    assert market.send() == {"confirmed": 1, "runs": 1, "planned": 1}
    payout = market.one(run)
    [call] = market.posts()
    assert call["key"] == market_key(market)
    [transfer] = market.stripe.transfers(payout.id)
    assert (transfer["amount"], transfer["currency"], transfer["destination"]) == (1234, "usd", account)
    assert transfer["metadata"] == {"payout_id": payout.id}
    assert (payout.state, payout.reference) == ("paid", transfer["id"])
    assert market.dollars("c1") == ("0.005678", "0.00", "12.34")
    [attempt] = market.attempts(payout)
    assert (attempt.state, attempt.calls, attempt.reference) == ("confirmed", 1, transfer["id"])
    assert market.send() == {}


def market_key(market: StripeWorld) -> str:
    with transaction(market.engine) as session:
        return session.scalar(text("SELECT key FROM payout_attempt"))


def test_no_answer_keeps_the_reservation_and_is_found(market: StripeWorld) -> None:
    """P4, P7: accepted and not answered, or answered with an error that the key replays: looked up and adopted."""
    for fault in ("drop_after", "error_after"):
        name = f"c-{fault}"
        market.paid_by_stripe(name)
        run = market.approved([name])
        market.stripe.fault(fault)
        before = len(market.posts())
        assert market.send()["unknown"] == 1
        payout = market.one(run)
        assert payout.state == "unknown"
        assert market.dollars(name)[:2] == ("0.00", "10.00")
        assert market.refused(cancel_payout, payout.id, "anna", market.now) == "payout_not_reserved"
        assert market.look_up()["confirmed"] == 1
        payout = market.one(run)
        assert payout.state == "paid"
        assert len(market.stripe.transfers(payout.id)) == 1
        assert len(market.posts()) == before + 1


def test_what_never_arrived_is_sent_again_under_its_key(market: StripeWorld) -> None:
    """P5."""
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_before")
    market.send()
    assert market.states(run) == ["unknown"]
    market.look_up()
    assert market.states(run) == ["paid"]
    first, second = market.posts()
    assert first["key"] == second["key"]
    assert len(market.stripe.transfers()) == 1


@pytest.mark.parametrize("fault", ["truncate", "broken_json", "html"])
def test_what_cannot_be_read_is_unknown(market: StripeWorld, fault: str) -> None:
    """P5: a cut body, a page instead of an object."""
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault(fault)
    market.send()
    assert market.states(run) == ["unknown"]
    market.look_up()
    assert market.states(run) == ["paid"]
    assert len(market.stripe.transfers()) == 1


def test_keys_are_gone_and_the_transfer_stands(market: StripeWorld) -> None:
    """P9, the decisive one: a day later the key means nothing any more; the look finds the transfer."""
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_after")
    market.send()
    assert market.look_up(timedelta(hours=25))["confirmed"] == 1
    assert market.states(run) == ["paid"]
    assert len(market.posts()) == len(market.stripe.transfers()) == 1


def test_keys_are_gone_and_nothing_stands(market: StripeWorld) -> None:
    """P9: nothing is sent under an aged key; it is looked up until a person decides, and said."""
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("drop_before")
    market.send()
    for _ in range(3):
        market.look_up(timedelta(hours=25))
    assert market.states(run) == ["unknown"]
    assert len(market.posts()) == 1
    assert market.findings() == ["unknown_too_old"]


def claimed(market: StripeWorld) -> Work:
    """As a worker has it between its claim and its record."""
    market.do(plan_attempts, market.now)
    [work] = market.do(claim_ready, market.vault, market.now, 10)
    return work


def test_a_worker_that_died_is_looked_up(market: StripeWorld) -> None:
    """A claim whose lease ended: found and adopted; the dead one's record would change nothing (its fence is old)."""
    market.paid_by_stripe("c1")
    run = market.approved()
    work = claimed(market)
    outcome = deliver(stripe_client(market.settings), work)
    assert market.states(run) == ["sending"]
    assert market.look_up(timedelta(seconds=50)) == {}
    assert market.look_up(timedelta(seconds=20))["confirmed"] == 1
    assert market.states(run) == ["paid"]
    assert len(market.posts()) == 1
    assert market.do(record, work, outcome, market.now) == "late"


def test_only_the_last_claim_writes(market: StripeWorld) -> None:
    """The lease ended, another worker has claimed: what the first one says is late, whatever it is."""
    market.paid_by_stripe("c1")
    run = market.approved()
    first = claimed(market)
    market.now += timedelta(seconds=61)
    [second] = market.do(claim_doubtful, market.vault, market.now, 10)
    for said in (Outcome("rejected", "account_invalid"), Outcome("confirmed", reference="tr_1")):
        assert market.do(record, first, said, market.now) == "late"
        assert market.do(record_paid, [(first, said)], market.now) == set()
    assert market.states(run) == ["unknown"]
    assert market.do(record, second, Outcome("confirmed", reference="tr_2"), market.now) == "confirmed"
    assert market.one(run).reference == "tr_2"


def test_a_worker_that_slept_does_not_call(market: StripeWorld) -> None:
    """Stopped between its claim and its call for longer than the lease: another has it, so nothing is called."""
    market.paid_by_stripe("c1")
    market.approved()
    work = replace(claimed(market), begin_by=time.time() - 1)
    assert deliver(stripe_client(market.settings), work).kind == "later"
    assert market.posts() == []


def test_short_of_funds_waits_under_a_new_key(market: StripeWorld) -> None:
    """P11: the refusal would be replayed for the old key."""
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.control("balance", currency="usd", amount=0)
    assert market.send()["short_of_funds"] == 1
    assert market.states(run) == ["reserved"]
    assert market.send() == {}
    market.stripe.control("balance", currency="usd", amount=100_000)
    market.now += timedelta(hours=2)
    assert market.send()["confirmed"] == 1
    keys = [each["key"] for each in market.posts()]
    assert len(set(keys)) == len(keys) == 2
    assert [each.state for each in market.attempts(market.one(run))] == ["rejected", "confirmed"]
    assert len(market.stripe.transfers()) == 1


def test_a_refusal_holds_with_a_reason_and_a_successor_sends(market: StripeWorld) -> None:
    """P12, P20: held, its reason readable; released, it leaves once under a new key."""
    account = market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.control("change_account", id=account, transfers="inactive")
    assert market.send()["rejected"] == 1
    payout = market.one(run)
    assert payout.state == "held"
    assert payout.hold_reason.startswith("stripe_insufficient_capabilities_for_transfer: ")
    assert market.dollars("c1")[:2] == ("0.00", "10.00")
    market.stripe.control("change_account", id=account, transfers="active")
    market.do(release_payout, payout.id, "boris")
    assert market.send()["confirmed"] == 1
    assert market.states(run) == ["paid"]
    assert len({each["key"] for each in market.posts()}) == 2
    assert len(market.stripe.transfers()) == 1


@pytest.mark.parametrize(
    ("known", "reason"),
    [({"transfers": "inactive"}, "stripe_account_not_ready"), ({"deleted": True}, "stripe_account_deleted")],
)
def test_an_account_that_cannot_receive(market: StripeWorld, known: dict[str, object], reason: str) -> None:
    """P20: known beforehand, nothing is called."""
    account = market.paid_by_stripe("c1")
    market.known_account("c1", account, **known)
    run = market.approved()
    market.send()
    payout = market.one(run)
    assert payout.state == "held" and payout.hold_reason.startswith(reason)
    assert market.posts() == []
    market.do(cancel_payout, payout.id, "anna", market.now)
    assert market.dollars("c1") == ("10.00", "0.00", "0.00")


def test_what_changed_after_the_approval_is_held(market: StripeWorld) -> None:
    """P21: the destination; P15: a payout that was held or cancelled meanwhile."""
    for name in ("c1", "c2", "c3", "c4"):
        market.paid_by_stripe(name)
    run = market.approved()
    changed, held, cancelled, _ = market.payouts(run)
    other = {"account": market.stripe.account()}
    market.do(
        put_payee,
        market.vault,
        "c1",
        tax_status="company",
        method="stripe",
        destination=other,
        person="c1",
        now=market.now,
    )
    market.do(hold_payout, held.id, "wait", "boris")
    market.do(cancel_payout, cancelled.id, "boris", market.now)
    assert market.send()["confirmed"] == 1
    assert market.states(run) == ["held", "held", "cancelled", "paid"]
    assert market.payouts(run)[0].hold_reason == "payee_changed"
    assert len(market.posts()) == 1
    market.now += timedelta(days=1)
    market.send()
    assert market.refused(release_payout, changed.id, "boris") == "payee_changed"
    market.do(release_payout, held.id, "boris")
    market.send()
    assert market.states(run) == ["held", "paid", "cancelled", "paid"]
    assert len(market.posts()) == 2


def test_one_of_many_is_unknown_and_the_others_are_paid(market: StripeWorld) -> None:
    """P6."""
    market.crowd(40)
    run = market.approved()
    market.stripe.fault("error_after", skip=17)
    market.send()
    states = market.states(run)
    assert states.count("paid") == 39 and states.count("unknown") == 1
    assert market.send() == {}
    market.look_up()
    assert set(market.states(run)) == {"paid"}
    assert len(market.stripe.transfers()) == len(market.posts()) == 40
