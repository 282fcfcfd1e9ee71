"""P12, P20: what Stripe refuses, or what is known of an account, holds the payout: readable, given back, paid once later."""

import pytest
from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from payouts.cancel import cancel_payout
from payouts.hold import release_payout
from payouts.read import get_payout


@pytest.fixture
def market(world, stripe: StripeStandin) -> StripeWorld:
    return StripeWorld(world.engine, world.vault, world.now).at(stripe)


def refusal(code: str, message: str) -> dict[str, str]:
    return {"type": "invalid_request_error", "code": code, "message": message}


@pytest.mark.parametrize(
    "error",
    [
        refusal("account_invalid", "The account was deleted."),
        refusal("transfers_not_allowed", "The account may not receive transfers."),
        refusal("parameter_invalid", "usd is not a currency of the destination sk_test_secret."),
        refusal("account_negative_balance", "The account owes."),
    ],
)
def test_p20_what_stripe_refuses_is_held_and_the_money_stays_the_creators(
    market: StripeWorld, error: dict[str, str]
) -> None:
    market.paid_by_stripe("c1")
    run = market.approved()
    market.stripe.fault("answer", status=400, error=error)
    assert market.send()["rejected"] == 1
    payout = market.one(run)
    with transaction(market.engine) as session:
        shown = get_payout(session, payout.id)  # what GET /payouts/{id} shows the creator
    assert shown.state == "held" and (shown.hold_reason or "").startswith(f"stripe_{error['code']}: ")
    assert "sk_test" not in (shown.hold_reason or ""), "Stripe's own words may hold what is ours alone"
    assert market.dollars("c1") == ("0.00", "10.00", "0.00")
    market.do(cancel_payout, payout.id, "anna", market.now)
    assert market.dollars("c1") == ("10.00", "0.00", "0.00")
    again = market.approved()
    market.send()
    assert market.states(again) == ["paid"]
    assert len(market.stripe.transfers()) == 1


@pytest.mark.parametrize("status", [400, 429])
def test_p12_refused_then_tried_again_is_one_debit_and_one_transfer(market: StripeWorld, status: int) -> None:
    market.paid_by_stripe("c1")
    run = market.approved()
    if status == 400:
        market.stripe.fault("answer", status=400, error=refusal("account_invalid", "x"))
    else:
        market.stripe.fault("rate_limit", times=1)
    market.send()
    if status == 400:
        market.do(release_payout, market.one(run).id, "boris")
    market.now = market.now.replace(minute=5)
    market.send()
    assert market.states(run) == ["paid"]
    assert market.dollars("c1") == ("0.00", "0.00", "10.00")
    assert len(market.stripe.transfers()) == 1
    keys = [each["key"] for each in market.posts()]
    assert len(set(keys)) == (2 if status == 400 else 1), "a refusal is replayed for its key, a 429 is not"
