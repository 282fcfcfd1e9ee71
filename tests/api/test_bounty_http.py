"""Bounties over HTTP: from a seller's deposit to the creators' payouts, every balance after every step."""

from typing import Any

from api_bounties import TERMS
from api_market import Market, rub
from api_served import Served, at_once
from sqlalchemy import text

from api.keys import create_key
from core.database import transaction

FORMULA = "graduated(views, 10: 1, 2)"


def balances(market: Market, bounty: str) -> dict[str, str]:
    """Of the seller, escrow, the creators' available money and the fees, as everybody may ask for them."""
    codes = {
        "seller": "liabilities:seller:s1:balance",
        "escrow": f"liabilities:bounty:{bounty}:escrow",
        "fees": "income:fees:bounty",
        **{each: f"liabilities:creator:{each}:available" for each in ("c1", "c2", "d4")},
    }
    found = market.call.ok("auditor", "GET", "/v1/ledger/accounts?limit=1000")["data"]
    held = {
        each["code"]: f"{-float(each['balance']['amount']):.2f}"
        for each in found
        if each["balance"]["currency"] == "RUB"
    }
    return {name: held.get(code, "0.00").replace("-0.00", "0.00") for name, code in codes.items()}


def moved(market: Market, bounty: str, before: dict[str, str]) -> dict[str, str]:
    """What has changed since."""
    now = balances(market, bounty)
    return {
        name: f"{float(now[name]) - float(before[name]):.2f}" for name in now if now[name] != before[name]
    }


def submit(market: Market, who: str, creator: str, bounty: str) -> str:
    ok = market.call.ok
    claim = ok(who, "POST", f"/v1/bounties/{bounty}/claims")
    content = {
        "creator": creator,
        "kind": "video",
        "published_at": market.clock.now.isoformat(),
        "products": ["p1"],
    }
    ok("platform", "PUT", f"/v1/contents/story_{creator}", content)
    ok(who, "POST", f"/v1/claims/{claim['id']}/submit", {"content": f"story_{creator}"})
    return str(claim["id"])


def look(market: Market, content: str, views: int) -> None:
    """Views of a content by so many viewers, now."""
    rows = [market.event("view", f"{content}{n}", viewer=f"w{n}", content=content) for n in range(views)]
    market.events(*rows)


def test_from_the_deposit_to_the_payouts(market: Market, ids: dict[str, str]) -> None:
    ok = market.call.ok
    with transaction(market.engine) as session:
        market.call.keys["creator3"] = create_key(session, "creator", "Karina", "d4", [])
    fee = {"effective_from": "2026-11-04", "percent": "5", "minimum": rub("1.00")}
    ok("finance", "POST", "/v1/bounty-fees", fee)
    market.clock.pass_time(days=1)
    ok("finance", "POST", "/v1/sellers/s1/deposits", {"amount": rub("20000.00")})
    bonus = {"formula": FORMULA, "days": 7, "max": rub("500.00")}
    body = TERMS | {
        "price": rub("5000.00"),
        "slots": 3,
        "bonus": bonus,
        "deadline": "2026-11-20T00:00:00Z",
        "review_hours": 72,
    }
    made = ok("seller", "POST", "/v1/bounties", body)
    bounty, start = made["id"], balances(market, made["id"])
    assert (made["fee"]["amount"], made["state"]) == ("250.00", "draft")
    ok("seller", "POST", f"/v1/bounties/{bounty}/open")
    assert moved(market, bounty, start) == {"seller": "-17250.00", "escrow": "17250.00"}
    assert bounty in {each["id"] for each in ok("creator", "GET", "/v1/bounties?open=true&fits=true")["data"]}

    people = (("creator", "c1"), ("creator2", "c2"), ("creator3", "d4"))
    first, _, third = (submit(market, who, creator, bounty) for who, creator in people)
    assert market.call("creator", "POST", f"/v1/bounties/{bounty}/claims").json["code"] == "no_slot_free"
    ok("seller", "POST", f"/v1/claims/{first}/approve")
    assert moved(market, bounty, start) == {
        "seller": "-17250.00",
        "escrow": "12000.00",
        "c1": "5000.00",
        "fees": "250.00",
    }
    ok("seller", "POST", f"/v1/claims/{third}/reject", {"reason": "no kettle in it"})
    ok("creator3", "POST", f"/v1/claims/{third}/dispute", {"reason": "at 0:12"})
    market.clock.pass_time(hours=72)
    market.jobs()
    after = {"seller": "-17250.00", "escrow": "6750.00", "c1": "5000.00", "c2": "5000.00", "fees": "500.00"}
    assert moved(market, bounty, start) == after
    split = {"outcome": "split", "price": rub("2000.00"), "reason": "half of it"}
    ok("operator", "POST", f"/v1/claims/{third}/resolve", split)
    after |= {"seller": "-13600.00", "escrow": "1000.00", "d4": "2000.00", "fees": "600.00"}
    assert moved(market, bounty, start) == after

    market.clock.pass_time(days=1)  # the first of the seven days of what silence has approved
    look(market, "story_c1", 100)
    look(market, "story_c2", 400)
    market.jobs()
    closed = ok("seller", "POST", f"/v1/bounties/{bounty}/close")
    assert (closed["state"], closed["escrow"]["held"]["amount"]) == ("closed", "1000.00")
    market.clock.pass_time(days=13)
    market.jobs()
    assert ok("seller", "GET", f"/v1/bounties/{bounty}")["state"] == "closed"
    market.clock.pass_time(days=1)
    market.jobs()
    # c1: 10 at 1 and 90 at 2 = 190.00; c2: 10 at 1 and 390 at 2 = 790.00, and 500.00 is the most.
    after |= {"seller": "-13290.00", "c1": "5190.00", "c2": "5500.00"}
    del after["escrow"]
    assert moved(market, bounty, start) == after
    ended = ok("seller", "GET", f"/v1/bounties/{bounty}")
    assert (ended["state"], ended["escrow"]["held"]["amount"]) == ("settled", "0.00")
    told = [each["verb"] for each in ok("creator3", "GET", f"/v1/claims/{third}")["moves"]]
    assert told == ["claim", "submit", "reject", "dispute", "resolve"]
    rows = ok("finance", "GET", "/v1/reports/advertising?from=2026-11-01&to=2026-11-30")["data"]
    seen = {row["content"]: (row["impressions"], row["amount"]) for row in rows if row["bounty"] == bounty}
    assert seen == {"story_c1": (100, "5190.00"), "story_c2": (400, "5500.00"), "story_d4": (0, "2000.00")}
    _pay_out(market, "d4")


def _pay_out(market: Market, creator: str) -> None:
    """What a bounty paid leaves by a payout as any other money."""
    ok = market.call.ok
    asked = {"currency": "RUB", "provider": "manual", "creators": [creator]}
    for payout in ok("finance", "GET", f"/v1/creators/{creator}/payouts")["data"]:
        if payout["state"] == "reserved":
            ok("finance", "POST", f"/v1/payouts/{payout['id']}/cancel")
    run = ok("finance", "POST", "/v1/payout-runs", asked)
    market.jobs()
    ok("finance2", "POST", f"/v1/payout-runs/{run['id']}/approve")
    market.jobs()
    [payout] = ok("finance", "GET", f"/v1/payouts?run={run['id']}")["data"]
    ok("finance", "POST", f"/v1/payouts/{payout['id']}/settle", {"outcome": "paid", "reference": "pp-9"})
    assert payout["amount"]["amount"] == "2050.00"  # with the 50.00 that it had before


def test_a_creator_sees_what_is_open_and_a_seller_its_own(market: Market, ids: dict[str, str]) -> None:
    ok = market.call.ok
    mine = {each["id"] for each in ok("seller", "GET", "/v1/bounties?limit=1000")["data"]}
    assert ids["bty_draft"] in mine and ids["bty_foreign"] not in mine
    shown = ok("creator", "GET", "/v1/bounties?limit=1000")["data"]
    assert {ids["bty_free"], ids["bty_foreign"]} <= {each["id"] for each in shown}
    assert ids["bty_draft"] not in {each["id"] for each in shown} and all(
        each["escrow"] is None for each in shown
    )
    fit = {each["id"] for each in ok("creator", "GET", "/v1/bounties?open=true&fits=true")["data"]}
    assert ids["bty_handed"] not in fit and ids["bty_free"] in fit
    assert market.call("creator", "GET", f"/v1/bounties/{ids['bty_draft']}").status_code == 404
    for query, number in (
        ("category=garden", 0),
        ("currency=RUB&least_price=1.01", 0),
        ("deadline_after=2027-02-01T00:00:00Z", 0),
    ):
        assert len(ok("creator", "GET", f"/v1/bounties?open=true&{query}")["data"]) == number
    counts = ok("seller", "GET", "/v1/sellers/s1/bounty-counts")
    assert (counts["bounties"]["draft"], counts["claims"]["disputed"], counts["to_review"]) == (1, 1, 1)


def test_conditions_are_said_in_words(market: Market) -> None:
    ok = market.call.ok
    asked: dict[str, Any] = {
        "regions": ["RU-SPE"],
        "min_followers": 1000,
        "categories": ["garden"],
        "invited": ["c2"],
    }
    made = ok("seller", "POST", "/v1/bounties", TERMS | {"slots": 1, "eligibility": asked})
    ok("seller", "POST", f"/v1/bounties/{made['id']}/open")
    answer = market.call("creator", "POST", f"/v1/bounties/{made['id']}/claims")
    assert (answer.status_code, answer.json["code"], len(answer.json["conditions"])) == (
        409,
        "not_eligible",
        4,
    )
    assert ok("creator", "GET", f"/v1/bounties/{made['id']}")["eligibility"]["invited"] == []


def test_l15_twenty_who_approve_pay_once(market: Market, served: Served, ids: dict[str, str]) -> None:
    path = f"/v1/claims/{ids['clm_handed']}/approve"
    done = at_once(20, lambda _: served.call("seller", "POST", path))
    assert sorted(each.status for each in done) == [200] + [409] * 19
    with transaction(market.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM entry WHERE kind = 'bounty.pay'")) == 1


def test_a_withdrawal_takes_what_is_free_and_another_person_sends_it(market: Market) -> None:
    ok = market.call.ok
    free = ok("seller", "GET", "/v1/sellers/s1/balance")["balances"][0]["balance"]
    too_much = {"amount": rub(f"{float(free) + 1:.2f}")}
    assert (
        market.call("seller", "POST", "/v1/sellers/s1/withdrawals", too_much).json["code"]
        == "not_enough_money"
    )
    made = ok("seller", "POST", "/v1/sellers/s1/withdrawals", {"amount": rub(free)})
    assert ok("seller", "GET", "/v1/sellers/s1/balance")["balances"][0]["balance"] == "0.00"
    path = f"/v1/withdrawals/{made['id']}/settle"
    ok("finance", "POST", path, {"outcome": "paid", "reference": "pp-1"})
    ok("finance", "POST", path, {"outcome": "returned", "reference": "pp-1"})
    assert ok("seller", "GET", "/v1/sellers/s1/balance")["balances"][0]["balance"] == free
    shown = ok("seller", "GET", "/v1/sellers/s1/statement?from=2026-11-01&to=2026-11-30")
    moved = sum(float(line["amount"]["amount"]) for line in shown["lines"])
    assert f"{float(shown['opening']['amount']) + moved:.2f}" == shown["closing"]["amount"] == free
