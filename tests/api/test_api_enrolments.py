"""Membership over HTTP: who may do what, terms and conditions, and what a suspension does to payouts."""

from typing import Any

import pytest
from api_market import Market
from sqlalchemy import Engine, text

from core.database import transaction


@pytest.fixture
def club(market: Market, owner: Engine) -> Market:
    """The program `door` asks for terms and a region; what it asks is set in its row."""
    with transaction(owner) as session:
        session.execute(text("UPDATE program SET terms = 'v2', regions = '{RU}' WHERE id = 'door'"))
    return market


def apply(market: Market, body: dict[str, Any], who: str = "creator") -> Any:
    return market.call(who, "POST", "/v1/programs/door/enrolments", body)


def test_terms_are_the_creators_to_accept(club: Market) -> None:
    required = apply(club, {})
    assert (required.status_code, required.json["code"], required.json["terms"]) == (
        409,
        "terms_required",
        "v2",
    )
    assert apply(club, {"terms": "v1"}).json["code"] == "terms_outdated"
    operator = apply(club, {"creator": "c1", "terms": "v2"}, "operator")
    assert (operator.status_code, operator.json["code"]) == (422, "bad_terms")
    made = apply(club, {"terms": "v2"})
    assert (made.status_code, made.json["state"], made.json["terms"]) == (201, "applied", "v2")
    assert made.json["terms_at"] == made.json["created_at"] and made.json["memberships"] == []
    invited = club.call.ok("operator", "POST", "/v1/programs/door/enrolments", {"creator": "c2"})
    answer = club.call("operator", "POST", f"/v1/enrolments/{invited['id']}/approve", {})
    assert (answer.status_code, answer.json["code"]) == (409, "terms_not_accepted")


def test_unmet_conditions_are_told_and_intervals_are_shown(club: Market) -> None:
    found = apply(club, {"terms": "v2"}).json
    approve = f"/v1/enrolments/{found['id']}/approve"
    refused = club.call("operator", "POST", approve, {})
    assert (refused.status_code, refused.json["code"]) == (409, "not_eligible")
    assert refused.json["conditions"] == ["The creator's region is not known; the program is for RU."]
    club.call.ok("platform", "PUT", "/v1/creators/c1", {"name": "Creator c1", "region": "RU"})
    approved = club.call.ok("operator", "POST", approve, {})
    assert [each["until"] for each in approved["memberships"]] == [None]
    left = club.call.ok("creator", "POST", f"/v1/enrolments/{found['id']}/leave")
    assert left["state"] == "left" and left["memberships"][0]["until"] == left["updated_at"]
    assert club.call("creator2", "POST", f"/v1/enrolments/{found['id']}/leave").status_code == 404
    assert apply(club, {"terms": "v2"}).json["id"] == found["id"]
    listed = club.call.ok("operator", "GET", "/v1/programs/door/enrolments?state=applied")["data"]
    assert [each["creator"] for each in listed] == ["c1"]
    assert club.call.ok("operator", "GET", "/v1/programs/door/enrolments?state=active")["data"] == []
    assert club.call("operator", "GET", "/v1/programs/door/enrolments?state=x").status_code == 422


def test_a_suspension_holds_payouts_until_the_last_program_reactivates(market: Market) -> None:
    """Each program holds by itself; what is available stays available."""
    call = market.call
    market.earn("d3", "70.00")
    call.ok("finance2", "PUT", "/v1/creators/d3/payee", {"tax_status": "self_employed", "method": "manual", "destination": {"account": "1"}})  # fmt: skip
    call.ok("finance", "POST", "/v1/creators/d3/payee/verify")
    enrolled = {}
    for program in ("club", "door"):
        found = call.ok("operator", "POST", f"/v1/programs/{program}/enrolments", {"creator": "d3"})
        call.ok("operator", "POST", f"/v1/enrolments/{found['id']}/approve", {})
        enrolled[program] = f"/v1/enrolments/{found['id']}"

    def payable() -> str:
        [balance] = call.ok("finance", "GET", "/v1/creators/d3/balance")["balances"]
        assert (balance["available"], balance["in_transit"]) == ("70.00", "0.00")
        return str(balance["payable"])

    assert payable() == "70.00"
    for path in enrolled.values():
        call.ok("operator", "POST", f"{path}/suspend", {"reason": "fake views"})
    assert payable() == "0.00"
    call.ok("operator", "POST", f"{enrolled['club']}/reactivate", {})
    assert payable() == "0.00"
    run = {"currency": "RUB", "provider": "manual", "creators": ["d3"]}
    assert call("finance", "POST", "/v1/payout-runs", run).json["code"] == "nothing_payable"
    call.ok("operator", "POST", f"{enrolled['door']}/reactivate", {})
    assert payable() == "70.00"


def test_what_is_reserved_when_the_creator_is_suspended_is_held(market: Market) -> None:
    call = market.call
    found = call.ok("operator", "POST", "/v1/programs/door/enrolments", {"creator": "c1"})
    path = f"/v1/enrolments/{found['id']}"
    call.ok("operator", "POST", f"{path}/approve", {})
    call.ok("operator", "POST", f"{path}/suspend", {"reason": "fake views"})
    call.ok("finance2", "POST", f"/v1/payout-runs/{market.ids['run_draft']}/approve")
    market.jobs()
    payout = f"/v1/payouts/{market.ids['po_draft']}"
    held = call.ok("finance", "GET", payout)
    assert (held["state"], held["hold_reason"]) == ("held", "creator_held")
    refused = call("finance", "POST", f"{payout}/release")
    assert (refused.status_code, refused.json["code"]) == (409, "creator_held")
    assert refused.json["reasons"] == ["suspended in program door: fake views"]
    call.ok("operator", "POST", f"{path}/reactivate", {})
    call.ok("finance", "POST", f"{payout}/release")
    market.jobs()
    assert call.ok("finance", "GET", payout)["state"] == "sent"
