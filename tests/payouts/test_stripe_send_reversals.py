"""Money asked back from Stripe, decisions about what stayed unknown, and people who come in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from payouts.ask_back import ask_back
from payouts.attempts import list_reversals
from payouts.cancel import cancel_payout
from payouts.hold import release_payout
from payouts.resolve import resolve
from payouts.store import Payout

REVERSALS = "POST /v1/transfers/.*/reversals"


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


def dollars(amount: str) -> Money:
    return Money.parse(amount, "USD")


def paid(market: StripeWorld) -> Payout:
    market.paid_by_stripe("c1")
    run = market.approved()
    market.send()
    return market.one(run)


def asked(market: StripeWorld, payout: Payout, amount: str | None = None) -> None:
    market.do(ask_back, payout.id, amount and dollars(amount), "by mistake", "anna", market.now)


def states(market: StripeWorld, payout: Payout) -> list[str]:
    with transaction(market.engine) as session:
        return [each.state for each in list_reversals(session, payout.id)]


def test_a_part_then_the_rest(market: StripeWorld) -> None:
    """P18: exactly what was taken back is credited, once; then nothing is left to ask for."""
    payout = paid(market)
    asked(market, payout, "3.00")
    assert market.refused(ask_back, payout.id, None, "x", "anna", market.now) == "reversal_in_progress"
    assert market.look_up()["reversal_done"] == 1
    assert market.dollars("c1") == ("3.00", "0.00", "7.00")
    assert market.refused(ask_back, payout.id, dollars("7.01"), "x", "anna", market.now) == "more_than_rest"
    asked(market, payout)
    market.look_up()
    assert market.look_up() == {}
    assert market.dollars("c1") == ("10.00", "0.00", "0.00")
    assert states(market, payout) == ["done", "done"]
    assert market.refused(ask_back, payout.id, None, "x", "anna", market.now) == "payout_not_paid"
    again = market.approved()
    market.send()
    assert market.one(again).amount == dollars("10.00")


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "error_after", "html"])
def test_a_reversal_without_an_answer(market: StripeWorld, fault: str) -> None:
    payout = paid(market)
    asked(market, payout, "4.00")
    market.stripe.fault(fault, match=REVERSALS)
    market.look_up()
    assert states(market, payout) == ["unknown"]
    assert market.dollars("c1")[0] == "0.00"
    market.look_up()
    assert states(market, payout) == ["done"]
    assert market.dollars("c1") == ("4.00", "0.00", "6.00")
    [transfer] = market.stripe.transfers()
    assert transfer["amount_reversed"] == 400


def test_a_reversal_confirmed_whose_sum_was_not_seen(market: StripeWorld) -> None:
    payout = paid(market)
    asked(market, payout, "4.00")
    market.stripe.fault("error_before", match="GET /v1/transfers/[^/]*")
    market.look_up()
    assert states(market, payout) == ["unknown"]
    market.look_up()
    assert market.dollars("c1") == ("4.00", "0.00", "6.00")
    [transfer] = market.stripe.transfers()
    assert transfer["amount_reversed"] == 400


@pytest.mark.parametrize("fault", [{"do": "rate_limit", "retry_after": 0}, {"do": "answer", "status": 401}])
def test_a_confirmed_reversal_is_not_fresh_again(market: StripeWorld, fault: dict[str, object]) -> None:
    """Its sum was not told; a day later, when Stripe has forgotten the key, it is found and not made once more."""
    payout = paid(market)
    asked(market, payout, "4.00")
    market.stripe.control("fault", match="GET /v1/transfers/[^/]*", **fault)
    market.look_up()
    assert states(market, payout) == ["unknown"]
    market.look_up(timedelta(hours=25))
    assert states(market, payout) == ["done"]
    assert market.dollars("c1") == ("4.00", "0.00", "6.00")
    [transfer] = market.stripe.transfers()
    assert transfer["amount_reversed"] == 400


def test_a_part_that_stripe_cannot_take_back_is_refused(market: StripeWorld) -> None:
    """It takes forints in whole ones alone; the job that reverses would end at such a part, for everybody."""
    market.paid_by_stripe("c1")
    market.earn("c1", "50.00", "HUF")
    run = market.approved(currency="HUF")
    market.send()
    payout = market.one(run)
    part = Money.parse("1.50", "HUF")
    assert market.refused(ask_back, payout.id, part, "x", "anna", market.now) == "not_sendable"
    market.do(ask_back, payout.id, Money.parse("2.00", "HUF"), "x", "anna", market.now)
    market.look_up()
    assert states(market, payout) == ["done"]


def test_a_reversal_that_stripe_refuses_is_shown(market: StripeWorld) -> None:
    """The creator's account has spent it."""
    payout = paid(market)
    [transfer] = market.stripe.transfers()
    market.stripe.control("balance", currency="usd", amount=0, account=transfer["destination"])
    asked(market, payout)
    market.look_up()
    with transaction(market.engine) as session:
        [reversal] = list_reversals(session, payout.id)
    assert reversal.state == "refused" and reversal.detail.startswith("balance_insufficient: ")
    assert market.dollars("c1") == ("0.00", "0.00", "10.00")


def test_an_aged_reversal_that_was_not_executed_is_refused(market: StripeWorld) -> None:
    payout = paid(market)
    asked(market, payout)
    market.stripe.fault("drop_before", match=REVERSALS)
    market.look_up()
    market.look_up(timedelta(hours=25))
    assert states(market, payout) == ["refused"]
    assert len([each for each in market.stripe.log("POST") if each["path"].endswith("/reversals")]) == 1


def unknown(market: StripeWorld, fault: str) -> Payout:
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault(fault)
    market.send()
    return market.one(run)


def test_a_person_decides_what_is_too_old(market: StripeWorld) -> None:
    """Not before, not who drafted; not sent: held, then released under a new key."""
    payout = unknown(market, "drop_before")
    decide = (resolve, payout.id, "not_sent", None, "asked Stripe")
    assert market.refused(*decide, "boris", market.now) == "still_looked_up"
    market.look_up(timedelta(hours=25))
    assert market.refused(*decide, "Anna ", market.now) == "own_draft"
    assert market.refused(resolve, payout.id, "sent", None, "x", "boris", market.now) == "bad_reference"
    assert market.do(*decide, "boris", market.now).state == "held"
    assert market.findings() == []
    market.do(release_payout, payout.id, "boris")
    market.send()
    assert len(market.stripe.transfers(payout.id)) == 1
    assert len({each["key"] for each in market.posts()}) == 2
    assert market.refused(*decide, "boris", market.now) == "payout_not_unknown"


def test_a_person_was_wrong(market: StripeWorld) -> None:
    """It had been sent after all. Nobody may say no while Stripe does not answer; had its list been behind, the next
    attempt finds it."""
    payout = unknown(market, "drop_after")
    market.stripe.fault("error_before", match="GET /v1/transfers", times=1)
    market.look_up(timedelta(hours=21))
    guess = (resolve, payout.id, "not_sent", None, "a guess", "boris", market.now)
    assert market.refused(*guess) == "not_looked_up"
    with transaction(market.engine) as session:
        session.execute(text("UPDATE payout_attempt SET code = 'not_found'"))
    market.do(*guess)
    market.do(release_payout, payout.id, "boris")
    assert market.send()["confirmed"] == 1
    assert len(market.posts()) == len(market.stripe.transfers()) == 1


def test_a_person_says_it_was_sent(market: StripeWorld) -> None:
    payout = unknown(market, "drop_before")
    market.look_up(timedelta(hours=25))
    done = market.do(resolve, payout.id, "sent", "tr_seen", "in the dashboard", "boris", market.now)
    assert (done.state, done.reference) == ("paid", "tr_seen")
    assert [each.state for each in market.attempts(payout)] == ["confirmed"]


def test_cancel_and_send_race(market: StripeWorld) -> None:
    """P16: cancelled and no transfer, or paid and one; 100 rounds in which both begin at once."""
    market.crowd(100)
    run = market.approved()
    payouts = market.payouts(run)

    def cancel(payout: Payout) -> str:
        try:
            with transaction(market.engine) as session:
                return cancel_payout(session, payout.id, "boris", market.now).state
        except KopeckError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        sending = pool.submit(market.send)
        answers = list(pool.map(cancel, reversed(payouts)))
        sending.result()
    market.send()
    sent = {each["transfer_group"] for each in market.stripe.transfers()}
    states = [payout.state for payout in market.payouts(run)]
    for payout, state, answer in zip(payouts, states, reversed(answers), strict=True):
        assert state in ("cancelled", "paid")
        assert (state == "cancelled") == (answer == "cancelled") == (payout.id not in sent)
    assert set(states) == {"cancelled", "paid"}
