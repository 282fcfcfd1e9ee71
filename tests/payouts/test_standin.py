"""The stand-in behaves as Stripe does where our safety depends on it."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe as library
from stripe_standin.client import StripeStandin
from stripe_standin.webhooks import signature


def client(standin: StripeStandin) -> Any:
    return library.StripeClient("sk_test_x", base_addresses={"api": standin.base}, max_network_retries=0).v1


def pay(standin: StripeStandin, account: str, key: str = "k1", amount: int = 400, group: str = "po_1") -> Any:
    asked = {
        "amount": amount,
        "currency": "usd",
        "destination": account,
        "transfer_group": group,
        "metadata": {"payout_id": group},
    }
    return client(standin).transfers.create(asked, {"idempotency_key": key})


def refused(kind: type[Exception], standin: StripeStandin, *args: Any, **more: Any) -> Any:
    with pytest.raises(kind) as caught:
        pay(standin, *args, **more)
    return caught.value


def test_a_key_gives_its_first_answer_again(stripe: StripeStandin) -> None:
    account = stripe.account()
    first = pay(stripe, account)
    again = pay(stripe, account)
    assert again.id == first.id and len(stripe.transfers()) == 1
    assert [each["replayed"] for each in stripe.log("POST")] == [False, True]
    assert refused(library.IdempotencyError, stripe, account, amount=401).http_status == 400
    stripe.control("clock", advance=24 * 3600)
    assert pay(stripe, account).id != first.id  # the key was pruned


def test_a_refusal_is_replayed_too(stripe: StripeStandin) -> None:
    account = stripe.account()
    stripe.control("balance", currency="usd", amount=399)
    assert refused(library.InvalidRequestError, stripe, account).code == "balance_insufficient"
    stripe.control("balance", currency="usd", amount=1000)
    assert refused(library.InvalidRequestError, stripe, account).code == "balance_insufficient"
    assert pay(stripe, account, "k2").amount == 400
    assert client(stripe).balance.retrieve().available[0].amount == 600


def test_a_key_in_flight_is_a_conflict(stripe: StripeStandin) -> None:
    account = stripe.account()
    stripe.fault("delay", seconds=1.5)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(pay, stripe, account)
        while stripe.control("hits") != [1]:
            time.sleep(0.01)
        assert refused(Exception, stripe, account).http_status == 409
        assert slow.result().id == pay(stripe, account).id


@pytest.mark.parametrize(
    ("do", "status", "made"),
    [
        ("drop_before", None, 0),
        ("drop_after", None, 1),
        ("error_before", 500, 0),
        ("error_after", 500, 1),
        ("truncate", None, 1),
        ("broken_json", 200, 1),
        ("html", 200, 1),
        ("html_before", 502, 0),
        ("rate_limit", 429, 0),
    ],
)
def test_a_fault_fails_as_it_says(stripe: StripeStandin, do: str, status: int | None, made: int) -> None:
    account = stripe.account()
    stripe.fault(do, where={"metadata[payout_id]": "po_1"})
    assert refused(library.StripeError, stripe, account).http_status == status
    assert len(stripe.transfers()) == made
    if do.startswith("error"):
        assert refused(library.APIError, stripe, account).http_status == 500  # the key keeps it
    else:
        assert pay(stripe, account).amount == 400
        assert len(stripe.transfers()) == 1


def test_keys_and_rates_are_refused_before_the_cache(stripe: StripeStandin) -> None:
    account = stripe.account()
    stripe.control("set", keys_valid=False)
    refused(library.AuthenticationError, stripe, account)
    stripe.control("set", keys_valid=True, rate=3)
    answers = [
        requests.post(f"{stripe.base}/v1/transfers", headers={"Authorization": "Bearer sk_x"})
        for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    stripe.control("set", rate=0)
    assert pay(stripe, account).id
    assert any("currency" in complaint for complaint in stripe.complaints())
    stripe.control("forget")


def test_the_caller_is_killed_and_the_transfer_stands(stripe: StripeStandin) -> None:
    account = stripe.account()
    stripe.fault("kill")
    script = f"""
import stripe
client = stripe.StripeClient("sk_test_x", base_addresses={{"api": "{stripe.base}"}}, max_network_retries=0)
client.v1.transfers.create({{"amount": 1, "currency": "usd", "destination": "{account}"}})
"""
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": ""}, check=False)
    assert done.returncode == -9
    while stripe.log()[-1]["status"] is None:
        time.sleep(0.01)
    assert len(stripe.transfers()) == 1


def test_reversals_have_their_limits(stripe: StripeStandin) -> None:
    account = stripe.account()
    made = pay(stripe, account)
    v1 = client(stripe)
    v1.transfers.reversals.create(made.id, {"amount": 150})
    with pytest.raises(library.InvalidRequestError):
        v1.transfers.reversals.create(made.id, {"amount": 251})
    stripe.control("balance", currency="usd", amount=249, account=account)
    with pytest.raises(library.InvalidRequestError, match="insufficient"):
        v1.transfers.reversals.create(made.id)
    stripe.control("balance", currency="usd", amount=250, account=account)
    v1.transfers.reversals.create(made.id)
    seen = v1.transfers.retrieve(made.id)
    assert (seen.amount_reversed, seen.reversed, len(seen.reversals.data)) == (400, True, 2)
    assert len(v1.transfers.reversals.list(made.id).data) == 2
    kinds = [row.type for row in v1.balance_transactions.list().data]
    assert kinds == ["transfer_refund", "transfer_refund", "transfer"]


def test_who_may_not_receive_does_not(stripe: StripeStandin) -> None:
    inactive, gone = stripe.account(transfers="inactive"), stripe.account()
    assert (
        refused(library.InvalidRequestError, stripe, inactive).code
        == "insufficient_capabilities_for_transfer"
    )
    stripe.control("change_account", id=gone, deleted=True)
    assert refused(library.InvalidRequestError, stripe, gone, "k2").code == "account_invalid"
    assert refused(library.InvalidRequestError, stripe, "acct_none", "k3").code == "resource_missing"


def test_lists_come_in_pages(stripe: StripeStandin) -> None:
    account = stripe.account()
    for number in range(5):
        pay(stripe, account, f"k{number}", group=f"po_{number % 2}")
    v1 = client(stripe)
    listed = v1.transfers.list({"limit": 2, "transfer_group": "po_0"})
    assert (len(listed.data), listed.has_more) == (2, True)
    assert len(list(listed.auto_paging_iter())) == 3
    types = {"types": ["transfer.created"], "created": {"gte": 1}, "limit": 100}
    assert len(v1.events.list(types).data) == 5


def test_accounts_sessions_and_bank_payouts_change_with_their_events(stripe: StripeStandin) -> None:
    v1 = client(stripe)
    asked = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    account = v1.accounts.create(asked).id
    link = {
        "account": account,
        "type": "account_onboarding",
        "refresh_url": "https://a",
        "return_url": "https://b",
    }
    assert v1.account_links.create(link).url.startswith("https://connect")
    stripe.control("change_account", id=account, transfers="active", payouts_enabled=True)
    pay(stripe, account)
    out = stripe.control("payout", account=account, currency="usd", amount=400)["id"]
    stripe.control("change_payout", id=out, status="failed", failure="account_closed")
    assert v1.balance.retrieve(options={"stripe_account": account}).available[0].amount == 400
    price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Top-up"}}
    asked = {
        "mode": "payment",
        "success_url": "https://a",
        "line_items": [{"quantity": 1, "price_data": price}],
    }
    session = v1.checkout.sessions.create(asked)
    stripe.control("checkout", id=session.id, step="submit")
    assert v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    stripe.control("checkout", id=session.id, step="succeed")
    assert v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert [(each["type"], each.get("account", "")) for each in stripe.control("events")] == [
        ("capability.updated", account),
        ("account.updated", account),
        ("transfer.created", ""),
        ("payout.created", account),
        ("payout.failed", account),
        ("checkout.session.completed", ""),
        ("checkout.session.async_payment_succeeded", ""),
    ]


def test_it_signs_as_the_library_checks() -> None:
    payload = b'{"id": "evt_1", "object": "event"}'
    at = int(time.time())
    library.Webhook.construct_event(payload, signature("whsec_1", payload, at), "whsec_1")
    with pytest.raises(library.SignatureVerificationError):
        library.Webhook.construct_event(payload, signature("whsec_2", payload, at), "whsec_1")
