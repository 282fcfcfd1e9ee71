"""P15: what is cancelled, held or paid leaves by no door: the API, the command line, the scheduler."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from api_market import Market
from stripe_standin.client import StripeStandin

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent


def cancelled_and_held(market: Market) -> dict[str, str]:
    """A cancelled and a held payout, each alone in an approved run, and the market's own paid one."""
    ok, found = market.call.ok, {"paid": market.ids["po_by_stripe"]}
    for creator, verb in (("door1", "cancel"), ("door2", "hold")):
        ok("platform", "PUT", f"/v1/creators/{creator}", {"name": creator})
        where = {"tax_status": "company", "method": "stripe", "destination": {"account": f"acct_{creator}"}}
        ok("finance", "PUT", f"/v1/creators/{creator}/payee", where)
        ok("finance2", "POST", f"/v1/creators/{creator}/payee/verify")
        market.earn(creator, "20.00", "USD")
        asked = {"currency": "USD", "provider": "stripe", "creators": [creator]}
        run = ok("finance2", "POST", "/v1/payout-runs", asked)
        market.jobs()
        [payout] = ok("finance", "GET", f"/v1/payouts?run={run['id']}")["data"]
        told = {"reason": "wait"} if verb == "hold" else None
        ok("finance", "POST", f"/v1/payouts/{payout['id']}/{verb}", told)
        if verb == "hold":
            ok("finance", "POST", f"/v1/payout-runs/{run['id']}/approve")
        found["cancelled" if verb == "cancel" else "held"] = payout["id"]
    return found


def state_of(market: Market, payout: str) -> str:
    return str(market.call.ok("finance", "GET", f"/v1/payouts/{payout}")["state"])


def refused(market: Market, path: str, body: dict[str, str] | None = None) -> str:
    answer = market.call("finance", "POST", path, body)
    assert answer.status_code in (409, 422), (path, answer.text)
    return str(answer.json["code"])


def test_by_the_api(market: Market) -> None:
    payouts = cancelled_and_held(market)
    settled = {"outcome": "paid", "reference": "x"}
    decided = {"outcome": "not_sent", "reason": "x"}
    for state, payout in payouts.items():
        path = f"/v1/payouts/{payout}"
        run = market.call.ok("finance", "GET", path)["run"]
        assert refused(market, f"/v1/payout-runs/{run}/approve") == "run_not_draft"
        assert refused(market, f"{path}/settle", settled) == "provider_settles"
        assert refused(market, f"{path}/resolve", decided) == "payout_not_unknown"
        if state != "held":
            assert refused(market, f"{path}/release") == "payout_not_held"
        if state != "paid":
            assert refused(market, f"{path}/reverse", {"reason": "x"}) == "payout_not_paid"
        assert state_of(market, payout) == state


def test_by_the_command_line_and_the_scheduler(
    market: Market, database_url: str, tmp_path: Path, stripe: StripeStandin
) -> None:
    payouts = cancelled_and_held(market)
    before = len(stripe.transfers())
    environ = os.environ | {
        "KOPECK_DATABASE_URL": database_url,
        "KOPECK_HOME": str(tmp_path),
        "KOPECK_SECRET_KEY": (b"k" * 32).hex(),
        "KOPECK_STRIPE_API_KEY": "sk_test_x",
        "KOPECK_STRIPE_API_BASE": stripe.base,
        "KOPECK_RECONCILIATION_LIMIT": "999999999",
    }
    line = [sys.executable, "-m", "kopeck"]
    for job in ("send_stripe", "look_up_payouts", "send_payouts"):
        done = subprocess.run(
            [*line, "jobs", "run", job], env=environ, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    with subprocess.Popen(
        [*line, "work"], env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as scheduler:
        assert scheduler.stderr is not None
        for said in scheduler.stderr:
            if "scheduler leads" in said:
                break
        time.sleep(6)  # two looks of every job that sends
        scheduler.kill()
    about = {each["transfer_group"] for each in stripe.transfers()[before:]}
    assert not about & set(payouts.values())
    assert {state: state_of(market, payout) for state, payout in payouts.items()} == {
        each: each for each in payouts
    }
