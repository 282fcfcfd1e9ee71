"""One valid request for every operation, on what `api_market` has put there."""

from importlib import import_module
from typing import Any

from api_bank import EXPLAINED, TYPE, statement
from api_bounty_rows import BOUNTIES
from api_market import PAGES, RULES, USD, Market, payee, postings, rub
from api_valid import Valid
from sqlalchemy import Engine, text

from api.app import MODULES
from api.operation import OPERATIONS, Operation

for module in MODULES:
    import_module(f"api.{module}")  # fills OPERATIONS

NDJSON = {"content_type": "application/x-ndjson"}
PERIOD = "?from=2026-11-01&to=2026-11-30"
FUNDING = {"fund": "main", "line": "l"}
PROGRAM = {"id": "new", "name": "New", "currency": "RUB", "funding": FUNDING, "open": "all"}
POLICY = {"id": "new", "model": "linear"}
FUND = {"id": "new", "name": "New", "currency": "RUB", "budget": rub("10.00")}
LINE = {"id": "new", "purpose": "x", "allocation": {"amount": rub("1.00"), "per": "day"}}
TRANSFER = {"from": "l", "to": "m", "amount": rub("5.00"), "reason": "a"}
GRANT = {"creator": "c1", "amount": rub("5.00"), "reason": "a"}
RUN = {"currency": "RUB", "provider": "manual", "creators": ["d2"]}
PRODUCT = {"seller": "s1", "title": "Jug", "category": "home", "price": rub("5.00")}
CONTENT = {"creator": "c1", "kind": "text", "published_at": "2026-11-01T00:00:00Z", "products": ["p1"]}
SETTLED = {"outcome": "paid", "reference": "pp-1"}
BY_HAND = {
    "postings": postings(("expenses:writeoff", "1.00"), ("equity:opening", "-1.00")),
    "reason": "a",
}
WITHHOLDING = {
    "tax_status": "non_resident",
    "currency": "RUB",
    "valid_from": "2027-01-01",
    "kind": "ndfl",
    "bands": [{"up_to": rub("2400000.00"), "rate": "0.13"}, {"rate": "0.15"}],
}
SETTINGS = {"schedule": "manual", "minimum": rub("2.00"), "provider": "manual", "approval_limit": None}


def _move(action: str, id: str, json: Any = None, wrong: str = "po_sent", **more: Any) -> Valid:
    path = "/v1/payouts/{%s}/" + action
    return Valid("finance", path % id, json, refused=(path % wrong, json), **more)


def _decide(action: str, id: str) -> Valid:
    wrong = {"enr_active": "enr_invited"}.get(id, "enr_active")
    path = "/v1/enrolments/{%s}/" + action
    return Valid(
        "operator", path % id, {"reason": "a"}, 200, {"reason": "b"}, (path % wrong, {"reason": "a"})
    )


def _judge(action: str) -> Valid:
    path, body = "/v1/suspects/{%s}/" + action, {"reason": "a"}
    return Valid(
        "operator", path % "sus_open", body, other={"reason": "b"}, refused=(path % "sus_confirmed", body)
    )


def _creator(view: str, **more: Any) -> Valid:
    query = PERIOD if view in {"earnings", "statement"} else ""
    path = "/v1/creators/%s/" + view + query
    return Valid("creator", path % "c1", foreign=path % "c2", missing=path % "nobody", **more)


def _seller(view: str) -> Valid:
    path = "/v1/sellers/%s/" + view
    return Valid("seller", path % "s1", foreign=path % "s2", missing=path % "nobody")


def _decide_on(of: str, kind: str, action: str) -> Valid:
    path = f"/v1/{of}/{{{kind}_%s}}/{action}"
    return Valid("finance", path % "open", refused=(path % "done", None))


def _reader(role: str, path: str) -> Valid:
    return Valid(role, path)


REQUESTS: dict[str, Valid] = {
    "PUT /creators/<id>": Valid("platform", "/v1/creators/c9", {"name": "Nine"}),
    "GET /creators/<id>": _reader("seller", "/v1/creators/c1"),
    "GET /creators": _reader("seller", "/v1/creators"),
    "PUT /sellers/<id>": Valid("platform", "/v1/sellers/s9", {"name": "Nine"}),
    "GET /sellers/<id>": _reader("seller", "/v1/sellers/s1"),
    "GET /sellers": _reader("seller", "/v1/sellers"),
    "PUT /products/<id>": Valid("platform", "/v1/products/p9", PRODUCT),
    "GET /products/<id>": _reader("seller", "/v1/products/p1"),
    "GET /products": _reader("seller", "/v1/products?seller=s1"),
    "PUT /contents/<id>": Valid("platform", "/v1/contents/k9", CONTENT),
    "GET /contents/<id>": _reader("seller", "/v1/contents/k1"),
    "GET /contents": _reader("seller", "/v1/contents?creator=c1"),
    "DELETE /contents/<id>": Valid("platform", "/v1/contents/k1", status=204),
    "PUT /follows/<viewer>/<creator>": Valid("platform", "/v1/follows/v8/c1", status=204),
    "DELETE /follows/<viewer>/<creator>": Valid("platform", "/v1/follows/v1/c1", status=204),
    "PUT /likes/<viewer>/<content>": Valid("platform", "/v1/likes/v8/k1", status=204),
    "DELETE /likes/<viewer>/<content>": Valid("platform", "/v1/likes/v1/k1", status=204),
    "POST /catalog": Valid(
        "platform", "/v1/catalog", body=b'{"type":"seller","id":"s8","name":"Eight"}', headers=NDJSON
    ),
    "POST /events": Valid("platform", "/v1/events", {"events": []}),
    "GET /events/<id>": _reader("platform", "/v1/events/buy1"),
    "GET /events": _reader("platform", "/v1/events?state=parked"),
    "GET /suspects": _reader("platform", "/v1/suspects?state=open"),
    "POST /suspects/<id>/confirm": _judge("confirm"),
    "POST /suspects/<id>/clear": _judge("clear"),
    "POST /suspects/decide": Valid(
        "operator",
        "/v1/suspects/decide",
        {"decision": "clear", "reason": "a", "content": "k3"},
        other={"decision": "clear", "reason": "b", "content": "k3"},
        refused=("/v1/suspects/decide", {"decision": "clear", "reason": "a", "content": "nowhere"}),
    ),
    "GET /batches": _reader("platform", "/v1/batches"),
    "GET /batches/<id>": _reader("platform", "/v1/batches/{batch}"),
    "GET /sales/<order>/<product>/attribution": _reader("platform", "/v1/sales/o1/p1/attribution"),
    "GET /reports/attribution": _reader("platform", "/v1/reports/attribution" + PERIOD),
    "POST /programs": Valid(
        "operator",
        "/v1/programs",
        PROGRAM,
        201,
        PROGRAM | {"name": "Other"},
        ("/v1/programs", PROGRAM | {"id": "prog"}),
    ),
    "GET /programs": _reader("creator", "/v1/programs"),
    "GET /programs/<id>": _reader("creator", "/v1/programs/prog"),
    "PUT /programs/<id>/joining": Valid(
        "operator", "/v1/programs/club/joining", {"eligibility": {"rollout_percent": 5}, "terms": "2"}
    ),
    "POST /programs/<id>/versions": Valid(
        "operator",
        "/v1/programs/prog/versions",
        {"effective_from": "2027-05-01", "rules": RULES},
        201,
        {"effective_from": "2027-06-01", "rules": RULES},
        ("/v1/programs/none/versions", {"effective_from": "2027-05-01", "rules": RULES}),
    ),
    "GET /programs/<id>/versions": _reader("creator", "/v1/programs/prog/versions"),
    "GET /programs/<id>/versions/<int:n>": _reader("creator", "/v1/programs/prog/versions/1"),
    "GET /programs/<id>/versions/<int:n>/diff": _reader("creator", "/v1/programs/prog/versions/1/diff"),
    "POST /programs/<id>/versions/<int:n>/activate": Valid(
        "operator",
        "/v1/programs/prog/versions/2/activate",
        {},
        other={"confirm": ["pool_above_allocation"]},
        refused=("/v1/programs/prog/versions/1/activate", {}),
    ),
    "POST /programs/<id>/versions/<int:n>/approve": Valid(
        "operator",
        "/v1/programs/prog/versions/4/approve",
        refused=("/v1/programs/prog/versions/1/approve", None),
    ),
    "POST /programs/<id>/backtest": Valid(
        "operator",
        "/v1/programs/prog/backtest",
        {"version": 1, "from": "2026-11-01", "to": "2026-11-01"},
        201,
        {"rules": RULES, "from": "2026-11-01", "to": "2026-11-01"},
        ("/v1/programs/prog/backtest", {"version": 77, "from": "2026-11-01", "to": "2026-11-01"}),
    ),
    "GET /programs/<id>/backtests": _reader("finance", "/v1/programs/prog/backtests"),
    "GET /backtests/<id>": _reader("auditor", "/v1/backtests/{bkt_one}"),
    "GET /backtests/<id>/compare": _reader("auditor", "/v1/backtests/{bkt_one}/compare?with={bkt_one}"),
    "POST /programs/<id>/enrolments": Valid(
        "creator",
        "/v1/programs/door/enrolments",
        {},
        201,
        {"creator": "c1"},
        ("/v1/programs/prog/enrolments", {}),
    ),
    "GET /programs/<id>/pools": _reader("creator", "/v1/programs/pot/pools" + PERIOD),
    "GET /programs/<id>/pools/<rule>/<period>": _reader("creator", "/v1/programs/pot/pools/bonus/2026-11-01"),
    "GET /programs/<id>/enrolments": _reader("creator", "/v1/programs/club/enrolments"),
    "GET /enrolments/<id>": Valid(
        "creator",
        "/v1/enrolments/{enr_own}",
        foreign="/v1/enrolments/{enr_active}",
        missing="/v1/enrolments/{enr_none}",
    ),
    "POST /enrolments/<id>/approve": _decide("approve", "enr_invited"),
    "POST /enrolments/<id>/reject": _decide("reject", "enr_invited"),
    "POST /enrolments/<id>/suspend": _decide("suspend", "enr_active"),
    "POST /enrolments/<id>/reactivate": _decide("reactivate", "enr_suspended"),
    "POST /enrolments/<id>/leave": Valid(
        "creator",
        "/v1/enrolments/{enr_own}/leave",
        refused=("/v1/enrolments/{enr_none}/leave", None),
        foreign="/v1/enrolments/{enr_active}/leave",
        missing="/v1/enrolments/{enr_none}/leave",
    ),
    "POST /formulas/check": Valid(
        "seller", "/v1/formulas/check", {"grain": "sale", "formula": "amount * 2%"}
    ),
    "POST /formulas/evaluate": Valid(
        "seller",
        "/v1/formulas/evaluate",
        {"grain": "sale", "formula": "amount * 2%", "values": {"amount": "50"}},
    ),
    "POST /policies": Valid(
        "operator",
        "/v1/policies",
        POLICY,
        201,
        POLICY | {"model": "time_decay"},
        ("/v1/policies", POLICY | {"id": "default"}),
    ),
    "GET /policies": _reader("platform", "/v1/policies"),
    "GET /policies/<id>": _reader("platform", "/v1/policies/default"),
    "POST /funds": Valid(
        "operator", "/v1/funds", FUND, 201, FUND | {"name": "Other"}, ("/v1/funds", FUND | {"id": "main"})
    ),
    "GET /funds": _reader("auditor", "/v1/funds"),
    "GET /funds/<id>": _reader("auditor", "/v1/funds/main"),
    "POST /funds/<id>/deposits": Valid(
        "finance",
        "/v1/funds/main/deposits",
        {"amount": rub("7.00"), "reference": "order 2"},
        201,
        {"amount": rub("8.00"), "reference": "order 2"},
        ("/v1/funds/main/deposits", {"amount": rub("900000.00")}),
    ),
    "GET /funds/<id>/deposits": _reader("auditor", "/v1/funds/main/deposits"),
    "POST /funds/<id>/lines": Valid(
        "operator",
        "/v1/funds/main/lines",
        LINE,
        201,
        LINE | {"purpose": "y"},
        ("/v1/funds/main/lines", LINE | {"id": "l"}),
    ),
    "POST /funds/<id>/transfers": Valid(
        "operator",
        "/v1/funds/main/transfers",
        TRANSFER,
        201,
        TRANSFER | {"reason": "b"},
        ("/v1/funds/none/transfers", TRANSFER),
    ),
    "GET /funds/<id>/transfers": _reader("auditor", "/v1/funds/main/transfers?state=proposed"),
    "GET /funds/<id>/transfers/<transfer>": _reader("auditor", "/v1/funds/main/transfers/{ftr_open}"),
    "POST /funds/<id>/transfers/<transfer>/approve": _decide_on("funds/main/transfers", "ftr", "approve"),
    "POST /funds/<id>/transfers/<transfer>/decline": _decide_on("funds/main/transfers", "ftr", "decline"),
    "POST /funds/<id>/lines/<line>/grants": Valid(
        "operator",
        "/v1/funds/main/lines/l/grants",
        GRANT,
        201,
        GRANT | {"reason": "b"},
        ("/v1/funds/main/lines/l/grants", GRANT | {"amount": rub("99999.00")}),
    ),
    "GET /funds/<id>/lines/<line>/grants": _reader("auditor", "/v1/funds/main/lines/l/grants?state=done"),
    "GET /grants/<id>": _reader("auditor", "/v1/grants/{fgr_done}"),
    "POST /grants/<id>/approve": _decide_on("grants", "fgr", "approve"),
    "POST /grants/<id>/decline": _decide_on("grants", "fgr", "decline"),
    "GET /funds/<id>/burn-down": _reader("auditor", "/v1/funds/main/burn-down" + PERIOD),
    "POST /sellers/<id>/deposits": Valid(
        "finance",
        "/v1/sellers/s1/deposits",
        {"amount": rub("7.00"), "reference": "order 3"},
        201,
        {"amount": rub("8.00"), "reference": "order 3"},
        ("/v1/sellers/nobody/deposits", {"amount": rub("7.00")}),
    ),
    "GET /sellers/<id>/deposits": _seller("deposits"),
    "GET /sellers/<id>/balance": _seller("balance"),
    "POST /sellers/<id>/top-ups": Valid(
        "seller",
        "/v1/sellers/s1/top-ups",
        {"amount": USD, "return_url": "https://shop.test/"},
        201,
        {"amount": USD, "return_url": "https://other.test/"},
        ("/v1/sellers/s1/top-ups", {"amount": USD, "return_url": "https://refused.test/"}),
        "/v1/sellers/s2/top-ups",
        "/v1/sellers/nobody/top-ups",
    ),
    "GET /sellers/<id>/top-ups": _seller("top-ups"),
    "GET /sellers/<id>/top-ups/<top_up_id>": Valid(
        "seller",
        "/v1/sellers/s1/top-ups/{tup_1}",
        foreign="/v1/sellers/s2/top-ups/{tup_2}",
        missing="/v1/sellers/nobody/top-ups/{tup_2}",
    ),
    "POST /creators/<id>/onboarding-link": Valid(
        "creator",
        "/v1/creators/c1/onboarding-link",
        PAGES,
        200,
        PAGES | {"country": "DE"},
        ("/v1/creators/c1/onboarding-link", PAGES | {"return_url": "https://refused.test/"}),
        "/v1/creators/c2/onboarding-link",
        "/v1/creators/nobody/onboarding-link",
    ),
    "GET /creators/<id>/provider-account": _creator("provider-account"),
    "GET /creators/<id>/provider-payouts": _creator("provider-payouts"),
    "GET /provider-events": _reader("finance", "/v1/provider-events?state=new"),
    "GET /provider-events/<id>": _reader("auditor", "/v1/provider-events/evt_one"),
    "GET /payout-settings": _reader("auditor", "/v1/payout-settings"),
    "PUT /payout-settings": Valid("finance", "/v1/payout-settings", SETTINGS),
    "POST /payout-runs": Valid(
        "finance",
        "/v1/payout-runs",
        RUN,
        201,
        RUN | {"until": "2026-11-02"},
        ("/v1/payout-runs", RUN | {"creators": ["c1"]}),
    ),
    "GET /payout-runs": _reader("auditor", "/v1/payout-runs"),
    "GET /payout-runs/<id>": _reader("auditor", "/v1/payout-runs/{run_draft}"),
    "POST /payout-runs/<id>/approve": Valid(
        "finance2",
        "/v1/payout-runs/{run_draft}/approve",
        refused=("/v1/payout-runs/{run_sent}/approve", None),
    ),
    "POST /payout-runs/<id>/cancel": Valid(
        "finance", "/v1/payout-runs/{run_draft}/cancel", refused=("/v1/payout-runs/{run_sent}/cancel", None)
    ),
    "GET /payout-runs/<id>/register": _reader("finance", "/v1/payout-runs/{run_draft}/register"),
    "POST /payout-runs/<id>/files": Valid(
        "finance",
        "/v1/payout-runs/{run_b2}/files",
        {"format": "1c"},
        201,
        {"format": "pain.001"},
        ("/v1/payout-runs/{run_draft}/files", {"format": "1c"}),
    ),
    "GET /files": _reader("auditor", "/v1/files"),
    "GET /files/<id>": _reader("finance", "/v1/files/{file}"),
    "POST /statements": Valid("finance", "/v1/statements", status=201, body=statement(3), headers=TYPE),
    "GET /statements": _reader("auditor", "/v1/statements"),
    "GET /statements/<id>": _reader("auditor", "/v1/statements/{statement}"),
    "GET /bank-lines": _reader("auditor", "/v1/bank-lines?outcome=unmatched"),
    "POST /bank-lines/<id>/explain": Valid(
        "finance",
        "/v1/bank-lines/{line_open}/explain",
        EXPLAINED,
        other=EXPLAINED | {"reason": "b"},
        refused=("/v1/bank-lines/{line_done}/explain", EXPLAINED),
    ),
    "GET /payouts": _reader("auditor", "/v1/payouts?creator=c1"),
    "GET /payouts/<id>": Valid(
        "creator", "/v1/payouts/{po_draft}", foreign="/v1/payouts/{po_sent}", missing="/v1/payouts/{po_none}"
    ),
    "POST /payouts/<id>/hold": _move("hold", "po_draft", {"reason": "a"}, other={"reason": "b"}),
    "POST /payouts/<id>/release": _move("release", "po_held"),
    "POST /payouts/<id>/cancel": _move("cancel", "po_draft"),
    "POST /payouts/<id>/settle": _move(
        "settle", "po_sent", SETTLED, "po_draft", other=SETTLED | {"reference": "pp-2"}
    ),
    "GET /creators/<id>/balance": _creator("balance"),
    "GET /creators/<id>/earnings": _creator("earnings"),
    "GET /creators/<id>/rewards": _creator("rewards"),
    "GET /rewards/<id>": Valid(
        "creator", "/v1/rewards/{reward1}", foreign="/v1/rewards/{reward2}", missing="/v1/rewards/{rwd_none}"
    ),
    "GET /rewards/<id>/explain": Valid(
        "creator",
        "/v1/rewards/{reward1}/explain",
        foreign="/v1/rewards/{reward2}/explain",
        missing="/v1/rewards/{rwd_none}/explain",
    ),
    "GET /programs/<id>/explain": Valid(
        "creator",
        "/v1/programs/prog/explain?creator=c1&day=2026-11-02",
        foreign="/v1/programs/prog/explain?creator=c2&day=2026-11-02",
        missing="/v1/programs/prog/explain?creator=nobody&day=2026-11-02",
    ),
    "GET /creators/<id>/statement": _creator("statement"),
    "GET /payouts/<id>/attempts": _reader("auditor", "/v1/payouts/{po_unknown}/attempts"),
    "GET /payouts/<id>/reversals": _reader("auditor", "/v1/payouts/{po_by_stripe}/reversals"),
    "POST /payouts/<id>/reverse": _move(
        "reverse", "po_by_stripe", {"reason": "a"}, status=201, other={"reason": "b"}
    ),
    "POST /payouts/<id>/resolve": _move(
        "resolve",
        "po_unknown",
        {"outcome": "not_sent", "reason": "a"},
        other={"outcome": "not_sent", "reason": "b"},
    ),
    "GET /creators/<id>/payouts": _creator("payouts"),
    "GET /creators/<id>/payee": _creator("payee"),
    "PUT /creators/<id>/payee": _creator("payee", json=payee("40817810000000000002")),
    "POST /creators/<id>/payee/verify": Valid(
        "finance",
        "/v1/creators/d3/payee/verify",
        {},
        other={"updated_at": "2026-11-02T09:00:00Z"},
        refused=("/v1/creators/nobody/payee/verify", {}),
    ),
    "POST /creators/<id>/payee/hold": Valid(
        "finance",
        "/v1/creators/c1/payee/hold",
        {"reason": "a"},
        other={"reason": "b"},
        refused=("/v1/creators/nobody/payee/hold", {"reason": "a"}),
    ),
    "POST /creators/<id>/payee/release": Valid(
        "finance", "/v1/creators/c1/payee/release", refused=("/v1/creators/nobody/payee/release", None)
    ),
    "GET /creators/<id>/receipts": _creator("receipts"),
    "GET /receipts/overdue": _reader("auditor", "/v1/receipts/overdue"),
    "POST /payouts/<id>/receipt": _move(
        "receipt", "po_paid", {"number": "20abc"}, "po_draft", other={"number": "21abc"}
    ),
    "GET /withholdings": _reader("auditor", "/v1/withholdings"),
    "POST /withholdings": Valid(
        "finance",
        "/v1/withholdings",
        WITHHOLDING,
        201,
        WITHHOLDING | {"kind": "other"},
        ("/v1/withholdings", WITHHOLDING | {"valid_from": "2026-01-01"}),
    ),
    "GET /ledger/accounts": _reader("auditor", "/v1/ledger/accounts"),
    "GET /ledger/accounts/<code>/postings": _reader("auditor", "/v1/ledger/accounts/equity:opening/postings"),
    "GET /ledger/entries/<id>": _reader("auditor", "/v1/ledger/entries/{entry1}"),
    "POST /ledger/entries": Valid(
        "operator",
        "/v1/ledger/entries",
        BY_HAND,
        201,
        BY_HAND | {"reason": "b"},
        (
            "/v1/ledger/entries",
            BY_HAND | {"postings": postings(("expenses:bribes", "1.00"), ("equity:opening", "-1.00"))},
        ),
    ),
    "GET /ledger/adjustments": _reader("auditor", "/v1/ledger/adjustments?state=proposed"),
    "GET /ledger/adjustments/<id>": _reader("auditor", "/v1/ledger/adjustments/{adj_large}"),
    "POST /ledger/adjustments/<id>/approve": Valid(
        "finance",
        "/v1/ledger/adjustments/{adj_large}/approve",
        refused=("/v1/ledger/adjustments/{adj_posted}/approve", None),
    ),
    "POST /ledger/adjustments/<id>/reject": Valid(
        "finance",
        "/v1/ledger/adjustments/{adj_large}/reject",
        {"reason": "a"},
        other={"reason": "b"},
        refused=("/v1/ledger/adjustments/{adj_posted}/reject", {"reason": "a"}),
    ),
    "GET /ledger/verify": _reader("auditor", "/v1/ledger/verify"),
    "GET /ledger/findings": _reader("auditor", "/v1/ledger/findings?open=true"),
    "GET /ledger/findings/<id>": _reader("auditor", "/v1/ledger/findings/{fnd_open}"),
    "POST /ledger/acknowledge": Valid(
        "finance",
        "/v1/ledger/acknowledge",
        {"finding": "{fnd_open}", "reason": "a"},
        other={"finding": "{fnd_open}", "reason": "b"},
        refused=("/v1/ledger/acknowledge", {"finding": "{fnd_done}", "reason": "a"}),
    ),
    "GET /ledger/trial-balance": _reader("auditor", "/v1/ledger/trial-balance"),
    "GET /ledger/seals": _reader("auditor", "/v1/ledger/seals"),
    "GET /ledger/seals/<int:n>": _reader("auditor", "/v1/ledger/seals/1"),
    "GET /ledger/seals/<int:n>/proof": _reader("auditor", "/v1/ledger/seals/1/proof?entry={entry1}"),
    "GET /ledger/seal-keys": _reader("auditor", "/v1/ledger/seal-keys"),
    "GET /ledger/accounts/<code>/balance": _reader("auditor", "/v1/ledger/accounts/equity:opening/balance"),
    "GET /ledger/accounts/<code>/statement": _reader(
        "auditor", "/v1/ledger/accounts/equity:opening/statement" + PERIOD
    ),
    "POST /ledger/periods/<period>/close": Valid(
        "finance",
        "/v1/ledger/periods/2026-10/close",
        status=201,
        refused=("/v1/ledger/periods/2026-09/close", None),
    ),
    "GET /ledger/periods": _reader("auditor", "/v1/ledger/periods"),
    "GET /reports/payouts": _reader("finance", "/v1/reports/payouts" + PERIOD),
    "GET /reports/tax": _reader("finance", "/v1/reports/tax" + PERIOD),
    "GET /reports/earnings": _reader("operator", "/v1/reports/earnings" + PERIOD),
    "GET /reports/fund": _reader("operator", "/v1/reports/fund" + PERIOD),
    "GET /reconciliation": _reader("finance", "/v1/reconciliation"),
    "POST /reconciliation/<id>/resolve": Valid(
        "finance",
        "/v1/reconciliation/{dif_open}/resolve",
        {"reason": "a"},
        other={"reason": "b"},
        refused=("/v1/reconciliation/{dif_done}/resolve", {"reason": "a"}),
    ),
    "GET /ledger/export": _reader("auditor", "/v1/ledger/export?format=csv"),
    "GET /ledger/periods/<period>": _reader("auditor", "/v1/ledger/periods/2026-09"),
    **BOUNTIES,
}


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def operations(*, idempotent: bool | None = None) -> list[str]:
    """Every operation of the service by name, or those that are idempotent or not."""
    return [name_of(each) for each in OPERATIONS if idempotent is None or each.idempotent is idempotent]


BODIES = [name for name, valid in REQUESTS.items() if valid.json is not None]
WRITES = [name for name in REQUESTS if not name.startswith(("GET ", "POST /formulas"))]


def send(market: Market, name: str, role: str | None = None, path: str | None = None, **more: Any) -> Any:
    """The valid request of an operation, changed as `more` says (`json`, headers)."""
    valid = REQUESTS[name]
    given = {"json": valid.json, "body": valid.body} | (valid.headers or {}) | more
    given["json"] = None if given["body"] is not None else _filled(given["json"], market.ids)
    where = (path or valid.path).format(**market.ids)
    return market.call(role or valid.role, name.split()[0], where, **given)


def _filled(json: Any, ids: dict[str, str]) -> Any:
    """A body whose field is nothing but {name} gets the id of that name."""
    if not isinstance(json, dict):
        return json
    names = {f"{{{name}}}": id for name, id in ids.items()}
    return {
        field: names.get(value, value) if isinstance(value, str) else value for field, value in json.items()
    }


_TABLES = text(
    "SELECT string_agg(format('SELECT %L AS name, count(*) AS n, md5(coalesce(string_agg(t::text, E''\\n'' ORDER BY t::text), ''''))"
    " AS print FROM %I t', relname, relname), ' UNION ALL ' ORDER BY relname) FROM pg_class"
    " WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"
)


def picture(engine: Engine) -> dict[str, tuple[int, str]]:
    """Every table's row count and a print of its content, in one look."""
    with engine.begin() as connection:
        made = connection.scalar(_TABLES)
        return {row.name: (row.n, row.print) for row in connection.execute(text(made))}
