"""Keys, and the ways around them that must not work."""

import http.client
from datetime import timedelta
from typing import Any

import pytest
from api_market import Market, payee
from api_requests import BODIES, REQUESTS, picture, send
from api_served import Served
from flask import Flask
from sqlalchemy import Engine, text

from api.keys import revoke_key
from core.database import transaction

EXTRA = {
    "status": "paid",
    "state": "paid",
    "balance": "1000000.00",
    "owner": "c1",
    "role": "operator",
    "approved_by": "Olga",
    "verified": True,
    "stripe_account": "acct_1",
    "__proto__": {},
}


@pytest.mark.parametrize("name", BODIES)
def test_a3_extra_fields_are_refused_and_change_nothing(market: Market, name: str) -> None:
    valid = REQUESTS[name]
    before = picture(market.engine)
    for field, value in EXTRA.items():
        if field in valid.json or (name, field) == ("PUT /creators/<id>", "status"):
            continue
        answer = send(market, name, json=valid.json | {field: value})
        assert answer.status_code in {400, 422}, (field, answer.text)
        assert answer.status_code == 422 or name == "POST /events"
    assert picture(market.engine) == before


def key_id(market: Market, who: str) -> str:
    return market.call.keys[who].split("_")[2]


def test_a5_a_revoked_expired_or_downgraded_key_ends_at_once_in_all_processes(
    market: Market, served: Served, owner: Engine
) -> None:
    def statuses(who: str, path: str) -> set[int]:
        return {served.call(who, "GET", path, connection="close").status for _ in range(30)}

    assert statuses("finance2", "/v1/funds") == statuses("auditor", "/v1/funds") == {200}
    with transaction(market.engine) as session:
        revoke_key(session, key_id(market, "finance2"), market.clock.now)
    assert statuses("finance2", "/v1/funds") == {401}
    changes = {
        "auditor": "expires_at = now() - interval '1 second'",
        "operator2": "role = 'platform'",
        "platform2": "secret_hash = sha256('rotated')",
    }
    for who, change in changes.items():
        with owner.begin() as connection:
            connection.execute(
                text(f"UPDATE api_key SET {change} WHERE id = :id"), {"id": key_id(market, who)}
            )
    assert statuses("auditor", "/v1/funds") == {401}
    assert statuses("operator2", "/v1/funds") == {403}
    assert statuses("platform2", "/v1/creators") == {401}
    assert len(served.pids) == 2


def test_a5_a_key_expires_by_the_services_clock(market: Market, owner: Engine) -> None:
    ends = market.clock.now + timedelta(seconds=10)
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE api_key SET expires_at = :at WHERE id = :id"),
            {"at": ends, "id": key_id(market, "seller")},
        )
    assert market.call("seller", "GET", "/v1/creators").status_code == 200
    market.clock.pass_time(seconds=10)
    assert market.call("seller", "GET", "/v1/creators").status_code == 401


def test_a6_two_keys_or_a_key_elsewhere_are_refused(market: Market, served: Served, app: Flask) -> None:
    key, other = market.call.keys["creator"], market.call.keys["creator2"]
    for headers in ([key, other], [key, key]):
        connection = http.client.HTTPConnection("127.0.0.1", served.port)
        connection.putrequest("GET", "/v1/creators/c1/balance")
        for each in headers:
            connection.putheader("Authorization", f"Bearer {each}")
        connection.endheaders()
        assert connection.getresponse().status == 401
        connection.close()
    for name in ("access_token", "key", "api_key", "authorization"):
        path = f"/v1/creators/c1/balance?{name}={key}"
        assert market.call(None, "GET", path).status_code == 401
        assert market.call("creator", "GET", path).status_code == 422
    client = app.test_client()
    client.set_cookie("session", key)
    client.set_cookie("Authorization", f"Bearer {key}")
    assert client.get("/v1/creators/c1/balance").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {key}",
        "{key}",
        "Bearer  {key}",
        "Bearer {key} ",
        "Bearer {key}x",
        "Bearer {key},",
        "Bearer " + "x" * 5000,
        "Bearer kpk_live_" + "a" * 12 + "_" + "b" * 49,
        "Bearer ключ",
        "Bearer \0",
        "bearer {upper}",
    ],
)
def test_a6_only_a_whole_key_in_one_header_is_one(market: Market, client: Any, header: str) -> None:
    key = market.call.keys["operator"]
    sent = header.format(key=key, upper=key.upper()).encode().decode("latin-1")
    answer = client.get("/v1/funds", environ_overrides={"HTTP_AUTHORIZATION": sent})
    assert answer.status_code == 401


READS = [name for name in REQUESTS if name.startswith("GET ")]


def test_a8_a_get_never_makes_anything(market: Market) -> None:
    before = picture(market.engine)
    for name in READS:
        assert send(market, name).status_code == 200, name
    assert picture(market.engine) == before


@pytest.mark.parametrize("name", REQUESTS)
def test_a8_other_methods_and_other_spellings_are_no_way_in(market: Market, name: str) -> None:
    method, valid = name.split()[0], REQUESTS[name]
    path = valid.path.format(**market.ids).partition("?")[0]
    before = picture(market.engine)
    taken = {"PATCH"} if f"PATCH {name.split(' ', 1)[1]}" in REQUESTS else set()
    for tried in {"TRACE", "PATCH", "CONNECT", "PROPFIND", "QUERY"} - taken:
        answer = market.call(valid.role, tried, path)
        assert answer.status_code == 405 and method in answer.headers["Allow"], (tried, answer.text)
    for header in ("x_http_method_override", "x_http_method", "x_method_override"):
        answer = market.call(valid.role, "TRACE", path, valid.json, **{header: method})
        assert answer.status_code == 405
    last = path.rsplit("/", 1)
    for spelled in (
        f"{path}/",
        f"{last[0]}//{last[1]}",
        f"{path}/%2e%2e/{last[1]}",
        f"/{path}",
        f"{path}%2f",
        f"{path};x=1",
        path.replace("/v1", "/V1"),
    ):
        answer = market.call(valid.role, method, spelled, valid.json)
        # A DELETE of what cannot exist answers like one of what does not.
        assert answer.status_code in {404, 405, 422} or method == "DELETE", (spelled, answer.text)
    assert picture(market.engine) == before


def test_a10_nobody_approves_or_verifies_what_is_his_own_by_a_second_key(
    market: Market, ids: dict[str, str]
) -> None:
    call = market.call
    path = f"/v1/payout-runs/{ids['run_draft']}/approve"
    for who in ("finance", "finance3"):
        answer = call(who, "POST", path)
        assert (answer.status_code, answer.json["code"]) == (409, "own_draft")
    assert call("finance2", "POST", path).status_code == 200
    call.ok("finance", "PUT", "/v1/creators/d3/payee", payee("40817810000000000077"))
    answer = call("finance3", "POST", "/v1/creators/d3/payee/verify")
    assert (answer.status_code, answer.json["code"]) == (409, "own_change")


def test_a10_above_the_limit_it_takes_two_others(market: Market, ids: dict[str, str]) -> None:
    limit = {"schedule": "manual", "provider": "manual"} | {
        "minimum": {"amount": "1.00", "currency": "RUB"},
        "approval_limit": {"amount": "99.99", "currency": "RUB"},
    }
    market.call.ok("finance", "PUT", "/v1/payout-settings", limit)
    path = f"/v1/payout-runs/{ids['run_draft']}/approve"
    assert market.call.ok("finance2", "POST", path)["state"] == "draft"
    assert market.call("finance2", "POST", path).json["code"] == "own_approval"
    assert market.call("finance3", "POST", path).json["code"] == "own_draft"
