"""Payouts by Stripe for the marketplace of the API's tests, as their outcomes leave them; nobody is called."""

from datetime import timedelta
from typing import Any

from core.database import transaction
from payouts.attempts import plan_attempts
from payouts.claim import claim_doubtful, claim_ready
from payouts.record import record
from payouts.stripe.outcome import Outcome

NO_ANSWER = Outcome("unknown", "no_answer")


def pay_by_stripe(market: Any) -> None:
    """e1: paid; e2: unknown, for longer than it may be sent again. Faina drafted, so Fyodor may decide."""
    ok, now = market.call.ok, market.clock.now
    early = now - timedelta(hours=21)
    for creator in ("e1", "e2"):
        ok("platform", "PUT", f"/v1/creators/{creator}", {"name": f"Creator {creator}"})
        account = {"account": f"acct_{creator}"}
        body = {"tax_status": "company", "method": "stripe", "destination": account}
        ok("finance", "PUT", f"/v1/creators/{creator}/payee", body)
        ok("finance2", "POST", f"/v1/creators/{creator}/payee/verify")
        market.earn(creator, "50.00", "USD")
    asked = {"currency": "USD", "provider": "stripe", "creators": ["e1", "e2"]}
    run = ok("finance2", "POST", "/v1/payout-runs", asked)
    market.jobs()
    ok("finance", "POST", f"/v1/payout-runs/{run['id']}/approve")
    found = ok("finance", "GET", f"/v1/payouts?run={run['id']}")["data"]
    for payout in found:
        market.ids["po_by_stripe" if payout["creator"] == "e1" else "po_unknown"] = payout["id"]
    with transaction(market.engine) as session:
        plan_attempts(session, early)
        works = claim_ready(session, market.vault, early, 2)
        for work in works:
            paid = work.payout == market.ids["po_by_stripe"]
            record(session, work, Outcome("confirmed", reference="tr_1") if paid else NO_ANSWER, early)
    with transaction(market.engine) as session:
        [work] = claim_doubtful(session, market.vault, now, 2)
        record(session, work, Outcome("unknown", "not_found"), now)
