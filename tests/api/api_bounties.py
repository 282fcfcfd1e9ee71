"""Bounties in the market: of s1 in each state that the requests need, with claims of c1's; of s2 with one of c2's."""

from typing import Any

TERMS = {
    "product": "p1",
    "title": "Cup",
    "brief": "A video with my cup",
    "price": {"amount": "1.00", "currency": "RUB"},
    "slots": 2,
    "deadline": "2027-01-31T00:00:00Z",
    "submit_hours": 2160,
    "review_hours": 720,
}


def make_bounties(market: Any) -> None:
    ok, ids = market.call.ok, market.ids
    for name in ("draft", "free", "room", "taken", "handed", "refused", "argued", "ended"):
        made = ok("seller", "POST", "/v1/bounties", TERMS | {"slots": 1 if name in {"taken", "ended"} else 2})
        ids[f"bty_{name}"] = made["id"]
        if name != "draft":
            ok("seller", "POST", f"/v1/bounties/{made['id']}/open")
    ids["bty_foreign"] = ok("seller2", "POST", "/v1/bounties", TERMS | {"product": "p2"})["id"]
    ok("seller2", "POST", f"/v1/bounties/{ids['bty_foreign']}/open")
    ids["clm_foreign"] = ok("creator2", "POST", f"/v1/bounties/{ids['bty_foreign']}/claims")["id"]
    for name in ("taken", "handed", "refused", "argued", "ended"):
        ids[f"clm_{name}"] = ok("creator", "POST", f"/v1/bounties/{ids[f'bty_{name}']}/claims")["id"]
    _content(market, "kb_free")
    for name in ("handed", "refused", "argued", "ended"):
        _content(market, f"kb_{name}")
        ok("creator", "POST", f"/v1/claims/{ids[f'clm_{name}']}/submit", {"content": f"kb_{name}"})
    for name in ("refused", "argued"):
        ok("seller", "POST", f"/v1/claims/{ids[f'clm_{name}']}/reject", {"reason": "no"})
    ok("creator", "POST", f"/v1/claims/{ids['clm_argued']}/dispute", {"reason": "yes"})
    ok("creator", "POST", f"/v1/claims/{ids['clm_ended']}/withdraw")
    for n, name in (("1", "open"), ("1", "done"), ("2", "foreign")):
        amount = {"amount": {"amount": "0.50", "currency": "RUB"}}
        ids[f"swd_{name}"] = ok("finance", "POST", f"/v1/sellers/s{n}/withdrawals", amount)["id"]
    ok(
        "finance2",
        "POST",
        f"/v1/withdrawals/{ids['swd_done']}/settle",
        {"outcome": "paid", "reference": "pp"},
    )

    fee = {"effective_from": "2027-05-01", "percent": "5", "minimum": {"amount": "1.00", "currency": "RUB"}}
    ok("finance", "POST", "/v1/bounty-fees", fee)


def _content(market: Any, name: str) -> None:
    content = {
        "creator": "c1",
        "kind": "video",
        "published_at": market.clock.now.isoformat(),
        "products": ["p1"],
    }
    market.call.ok("platform", "PUT", f"/v1/contents/{name}", content)
