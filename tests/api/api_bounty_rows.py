"""A valid request for each operation of bounties."""

from typing import Any

from api_bounties import TERMS
from api_valid import Valid

A, B = {"reason": "a"}, {"reason": "b"}
FEE = {"effective_from": "2027-06-01", "percent": "5", "minimum": {"amount": "1.00", "currency": "RUB"}}
HALF = {"amount": {"amount": "0.50", "currency": "RUB"}}


def _bounty(verb: str, on: str, wrong: str) -> Valid:
    path = f"/v1/bounties/%s/{verb}"
    return Valid("seller", path % f"{{bty_{on}}}", None, 200, None, (path % f"{{bty_{wrong}}}", None), path % "{bty_foreign}", path % "{bty_none}")  # fmt: skip


def _claim(
    verb: str, role: str, on: str, wrong: str, json: Any = None, other: Any = None, owned: bool = True
) -> Valid:
    path = f"/v1/claims/%s/{verb}"
    more = {"foreign": path % "{clm_foreign}", "missing": path % "{clm_none}"} if owned else {}
    return Valid(role, path % f"{{clm_{on}}}", json, 200, other, (path % f"{{clm_{wrong}}}", json), **more)


def _theirs(role: str, path: str, mine: str, foreign: str, none: str) -> Valid:
    return Valid(role, path % mine, foreign=path % foreign, missing=path % none)


CONTENT = {"content": "kb_free"}
BOUNTIES: dict[str, Valid] = {
    "POST /bounties": Valid(
        "seller", "/v1/bounties", TERMS, 201, TERMS | {"slots": 3}, ("/v1/bounties", TERMS | {"product": "p2"})
    ),
    "PATCH /bounties/<id>": Valid(
        "seller",
        "/v1/bounties/{bty_draft}",
        {"slots": 3},
        other={"slots": 4},
        refused=("/v1/bounties/{bty_taken}", {"title": "Other"}),
        foreign="/v1/bounties/{bty_foreign}",
        missing="/v1/bounties/{bty_none}",
    ),
    "GET /bounties": Valid("creator", "/v1/bounties?open=true"),
    "GET /bounties/<id>": _theirs("seller", "/v1/bounties/%s", "{bty_free}", "{bty_foreign}", "{bty_none}"),
    "GET /sellers/<id>/bounty-counts": _theirs("seller", "/v1/sellers/%s/bounty-counts", "s1", "s2", "nobody"),
    "POST /bounties/<id>/open": _bounty("open", "draft", "free"),
    "POST /bounties/<id>/close": _bounty("close", "handed", "draft"),
    "POST /bounties/<id>/cancel": _bounty("cancel", "free", "taken"),
    "POST /bounties/<id>/claims": Valid(
        "creator", "/v1/bounties/{bty_room}/claims", status=201, refused=("/v1/bounties/{bty_draft}/claims", None)
    ),
    "GET /bounties/<id>/claims": _theirs("seller", "/v1/bounties/%s/claims", "{bty_handed}", "{bty_foreign}", "{bty_none}"),
    "GET /creators/<id>/claims": _theirs("creator", "/v1/creators/%s/claims", "c1", "c2", "nobody"),
    "GET /claims/<id>": _theirs("creator", "/v1/claims/%s", "{clm_handed}", "{clm_foreign}", "{clm_none}"),
    "POST /claims/<id>/submit": _claim("submit", "creator", "taken", "ended", CONTENT, {"content": "kb_ended"}),
    "POST /claims/<id>/token": _claim("token", "creator", "handed", "refused", {"token": "a"}, {"token": "b"}),
    "POST /claims/<id>/withdraw": _claim("withdraw", "creator", "handed", "ended"),
    "POST /claims/<id>/dispute": _claim("dispute", "creator", "refused", "ended", A, B),
    "POST /claims/<id>/approve": _claim("approve", "seller", "handed", "ended"),
    "POST /claims/<id>/reject": _claim("reject", "seller", "handed", "ended", A, B),
    "POST /claims/<id>/request-changes": _claim("request-changes", "seller", "handed", "ended", A, B),
    "POST /claims/<id>/resolve": _claim(
        "resolve", "operator", "argued", "ended", A | {"outcome": "approved"}, B | {"outcome": "approved"}, owned=False
    ),
    "POST /bounty-fees": Valid(
        "finance", "/v1/bounty-fees", FEE, 201, FEE | {"percent": "6"}, ("/v1/bounty-fees", FEE | {"effective_from": "2027-05-01"})
    ),
    "GET /bounty-fees": Valid("seller", "/v1/bounty-fees"),
    "POST /sellers/<id>/withdrawals": Valid(
        "seller",
        "/v1/sellers/s1/withdrawals",
        HALF,
        201,
        {"amount": {"amount": "0.25", "currency": "RUB"}},
        ("/v1/sellers/s1/withdrawals", {"amount": {"amount": "1000.00", "currency": "RUB"}}),
        "/v1/sellers/s2/withdrawals",
        "/v1/sellers/nobody/withdrawals",
    ),
    "GET /sellers/<id>/withdrawals": _theirs("seller", "/v1/sellers/%s/withdrawals", "s1", "s2", "nobody"),
    "POST /withdrawals/<id>/settle": Valid(
        "finance2",
        "/v1/withdrawals/{swd_open}/settle",
        {"outcome": "paid", "reference": "a"},
        other={"outcome": "failed", "reference": "b"},
        refused=("/v1/withdrawals/{swd_done}/settle", {"outcome": "paid", "reference": "a"}),
    ),
    "GET /sellers/<id>/statement": _theirs(
        "seller", "/v1/sellers/%s/statement?from=2026-11-01&to=2026-11-30", "s1", "s2", "nobody"
    ),
    "GET /reports/advertising": Valid("finance", "/v1/reports/advertising?from=2026-11-01&to=2026-11-30"),
}  # fmt: skip
