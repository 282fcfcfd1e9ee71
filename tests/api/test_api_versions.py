"""Programs and versions over HTTP: what is given is shown, what is wrong is told with its place."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from api_market import Market, rub

PROGRAM = {"id": "new", "name": "New", "currency": "RUB", "open": "invite"}
LINE = {"funding": {"fund": "main", "line": "l"}}
SALE = {"name": "percent", "grain": "sale", "amount": "amount * 5%"}
POOL = {"amount": rub("100.00"), "per": "month", "weight": "views", "top": 10}
STARS = {"name": "stars", "grain": "creator_month", "pool": POOL}


def draft(market: Market, *rules: dict[str, Any], start: str = "2027-05-01", program: str = "prog") -> Any:
    body = {"effective_from": start, "rules": list(rules)}
    return market.call("operator", "POST", f"/v1/programs/{program}/versions", body)


def pointers(answer: Any) -> list[str]:
    return [each["pointer"] for each in answer.json.get("errors", [])]


@pytest.mark.parametrize("funding", [LINE["funding"], {"seller": True}])
def test_a_program_shows_all_that_it_was_given(market: Market, funding: dict[str, Any]) -> None:
    body = PROGRAM | {
        "funding": funding, "policy": "default", "hold_days": 3, "terms": "2026-11", "rate_protection_days": 30,
        "eligibility": {"regions": ["RU"], "min_followers": 1000, "rollout_percent": 5},
    }  # fmt: skip
    made = market.call.ok("operator", "POST", "/v1/programs", body)
    assert {name: made[name] for name in body} == body
    assert market.call.ok("creator", "GET", "/v1/programs/new") == made


def test_a_program_needs_nothing_but_who_pays(market: Market) -> None:
    made = market.call.ok(
        "operator", "POST", "/v1/programs", PROGRAM | LINE | {"eligibility": {"min_followers": 5}}
    )
    assert made["eligibility"] == {"regions": None, "min_followers": 5, "rollout_percent": None}
    assert (made["terms"], made["rate_protection_days"]) == (None, 0)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"funding": {}}, "/funding"),
        ({"funding": {"fund": "main"}}, "/funding"),
        ({"funding": {"seller": False}}, "/funding"),
        ({"funding": {"seller": "true"}}, "/funding/seller"),
        ({"funding": {"seller": True, "fund": "main", "line": "l"}}, "/funding"),
        ({"funding": {"fund": "main", "line": "l", "seller": False}}, "/funding"),
        ({"funding": None}, "/funding"),
        ({"eligibility": {"regions": []}}, "/eligibility/regions"),
        ({"eligibility": {"regions": "RU"}}, "/eligibility/regions"),
        ({"eligibility": {"min_followers": -1}}, "/eligibility/min_followers"),
        ({"eligibility": {"rollout_percent": 101}}, "/eligibility/rollout_percent"),
        ({"eligibility": {"age": 18}}, "/eligibility/age"),
        ({"open": "all", "eligibility": {"regions": ["RU"]}}, "/eligibility"),
        ({"terms": "x" * 65}, "/terms"),
        ({"terms": ""}, "/terms"),
        ({"rate_protection_days": 366}, "/rate_protection_days"),
        ({"currency": "ABC", "funding": {"seller": True}}, "/currency"),
    ],
)
def test_an_impossible_program_is_told_where_it_is_wrong(market: Market, change: Any, pointer: str) -> None:
    answer = market.call("operator", "POST", "/v1/programs", PROGRAM | LINE | change)
    assert answer.status_code == 422, answer.text
    assert any(each.startswith(pointer) for each in pointers(answer)), answer.text


def test_rules_come_back_as_they_were_drafted(market: Market) -> None:
    caps = [{"per": "creator_day", "amount": rub("5.00")}]
    rules = [
        SALE | {"where": "category = 'home'", "caps": caps, "on_shortfall": "prorate"},
        STARS | {"on_shortfall": "wait"},
    ]
    made = draft(market, *rules).json
    assert made["rules"] == rules
    assert draft(market, *made["rules"]).json["rules"] == rules


@pytest.mark.parametrize(
    ("rule", "code", "pointer"),
    [
        (SALE | {"name": "rate_protection"}, "reserved_name", "/rules/0/name"),
        (SALE | {"pool": POOL}, "amount_or_pool", "/rules/0/pool"),
        ({"name": "x", "grain": "sale"}, "amount_or_pool", "/rules/0/amount"),
        (STARS | {"pool": POOL | {"amount": {"amount": "1.00", "currency": "USD"}}}, "wrong_currency", "/rules/0/pool/amount/currency"),
        (STARS | {"pool": POOL | {"amount": rub("0.00")}}, "malformed_fields", "/rules/0/pool/amount"),
        (STARS | {"pool": POOL | {"per": "day"}}, "bad_pool", "/rules/0/pool/per"),
        (STARS | {"pool": POOL | {"top": 0}}, "malformed_fields", "/rules/0/pool/top"),
        (SALE | {"caps": [{"per": "creator_day", "amount": rub("1.00")}] * 2}, "bad_caps", "/rules/0/caps/1/per"),
        (SALE | {"caps": [{"per": "creator_day", "amount": rub("-1.00")}]}, "malformed_fields", "/rules/0/caps/0/amount"),
        (SALE | {"on_shortfall": "never"}, "malformed_fields", "/rules/0/on_shortfall"),
        (SALE | {"where": "amount"}, "formula_type", "/rules/0/where"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_where_it_is_wrong(market: Market, rule: Any, code: str, pointer: str) -> None:
    answer = draft(market, rule)
    assert (answer.status_code, answer.json["code"]) == (422, code), answer.text
    assert any(each.startswith(pointer) for each in pointers(answer)), answer.text


def test_where_sellers_pay_a_pool_is_refused(market: Market) -> None:
    market.call.ok("operator", "POST", "/v1/programs", PROGRAM | {"funding": {"seller": True}})
    answer = draft(market, SALE | {"on_shortfall": "prorate"}, program="new")
    assert (answer.json["code"], pointers(answer)) == ("seller_funding", ["/rules/0/on_shortfall"])
    assert draft(market, SALE, program="new").status_code == 201


@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"json": {"confirm": []}}, {"body": b""}])
def test_a_start_needs_no_body(market: Market, sent: dict[str, Any]) -> None:
    answer = market.call("operator", "POST", "/v1/programs/prog/versions/2/activate", **sent)
    assert (answer.status_code, answer.json["state"], answer.json["activated_by"]) == (200, "active", "Olga")


def test_a_large_pool_is_started_by_who_confirms_it(market: Market) -> None:
    number = draft(market, STARS | {"pool": POOL | {"amount": rub("100000.01")}}).json["number"]
    path = f"/v1/programs/prog/versions/{number}/activate"
    answer = market.call("operator", "POST", path)
    assert (answer.status_code, answer.json["code"]) == (409, "needs_confirmation")
    [warning] = answer.json["warnings"]
    assert warning == {
        "code": "pool_above_allocation", "rule": "stars",
        "detail": "The pool of rule stars is 100000.01 RUB a month, but line l is given only 100000.00 RUB once.",
    }  # fmt: skip
    assert market.call("operator", "POST", path, {"confirm": ["all"]}).status_code == 422
    assert market.call("operator", "POST", path, {"confirm": [warning["code"]]}).json["state"] == "active"


def test_another_person_approves_what_was_proposed(market: Market) -> None:
    path = "/v1/programs/prog/versions/4"
    seen = market.call.ok("operator", "GET", path)
    assert (seen["state"], seen["proposed_by"]) == ("proposed", "Oleg")
    assert market.call("operator2", "POST", f"{path}/approve").json["code"] == "own_version"
    assert market.call.ok("operator", "POST", f"{path}/approve")["activated_by"] == "Olga"


def test_a_version_is_compared_in_words(market: Market) -> None:
    number = draft(market, SALE, STARS).json["number"]
    path = f"/v1/programs/prog/versions/{number}/diff"
    found = market.call.ok("operator", "GET", path)
    assert (found["against"], found["version"]) == (1, number)
    assert found["changes"][1:] == [
        "Rule percent: amount was `amount * 10%`, is now `amount * 5%`.",
        "Rule stars is new: a pool of 100.00 RUB a month, shared among the top 10 by `views`, for each creator_month.",
    ]
    assert found["rules"][1] == {"name": "stars", "change": "added", "now": STARS | {"on_shortfall": "wait"}}
    assert market.call.ok("operator", "GET", f"{path}?against={number}")["rules"][0]["change"] == "same"
    assert market.call("operator", "GET", f"{path}?against=99").status_code == 404
    for wrong in ("", "0x1", "-1", "1.0", "9" * 20):
        assert market.call("operator", "GET", f"{path}?against={wrong}").status_code == 422


def test_of_twenty_starts_at_once_one_wins_and_none_fails(market: Market) -> None:
    other = draft(market, SALE, start="2027-01-01").json["number"]
    paths = [f"/v1/programs/prog/versions/{number}/activate" for number in (2, other)] * 10
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda path: market.call("operator", "POST", path), paths))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    codes = [answer.json["code"] for answer in answers if answer.status_code == 409]
    assert set(codes) <= {"version_not_draft", "version_date_taken"}


def test_creators_see_no_drafts(market: Market) -> None:
    for path in ("/v1/programs/prog/versions/2", "/v1/programs/prog/versions/2/diff",
                 "/v1/programs/prog/versions/1/diff?against=2"):  # fmt: skip
        assert market.call("creator", "GET", path).status_code == 404
        assert market.call("operator", "GET", path).status_code == 200
    seen = market.call.ok("creator", "GET", "/v1/programs/prog/versions")["data"]
    assert {each["state"] for each in seen} == {"active"}
