"""Repeated requests, on every idempotent operation there is."""

from typing import Any

import pytest
from api_caller import Caller
from api_market import PEOPLE, Market
from api_requests import REQUESTS, name_of, operations, picture, send
from api_served import Served, at_once
from sqlalchemy import text

from api.operation import OPERATIONS

IDEMPOTENT = operations(idempotent=True)
SECOND = {
    "operator": "operator2",
    "finance": "finance3",
    "finance2": "finance3",
    "creator": "creator_again",
    "seller": "seller_again",
}
REPLAYED = "Idempotency-Replayed"
every = pytest.mark.parametrize("name", IDEMPOTENT)


def answers(market: Market) -> int:
    with market.engine.begin() as connection:
        return connection.scalar(text("SELECT count(*) FROM idempotency WHERE key IN ('k', 'r')")) or 0


def test_every_operation_has_a_valid_request_here() -> None:
    assert sorted(REQUESTS) == sorted(name_of(each) for each in OPERATIONS)


@every
def test_i1_the_same_request_twice_has_one_effect_and_one_answer(market: Market, name: str) -> None:
    first = send(market, name, idempotency_key="k")
    assert (first.status_code, REPLAYED in first.headers) == (REQUESTS[name].status, False), first.text
    before = picture(market.engine)
    again = send(market, name, idempotency_key="k")
    assert (again.status_code, again.data, again.content_type) == (
        first.status_code,
        first.data,
        first.content_type,
    )
    assert again.headers[REPLAYED] == "true"
    assert picture(market.engine) == before


@every
def test_i2_a_key_with_another_request_is_refused_without_effect(market: Market, name: str) -> None:
    valid = REQUESTS[name]
    first = send(market, name, idempotency_key="k")
    before = picture(market.engine)
    others: list[dict[str, Any]] = [{"json": valid.other}] if valid.other is not None else []
    if valid.refused is not None:
        others.append({"path": valid.refused[0], "json": valid.refused[1]})
    assert others
    for other in others:
        answer = send(market, name, idempotency_key="k", **other)
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused"), answer.text
    elsewhere = "POST /funds/<id>/deposits" if valid.role.startswith("finance") else "POST /funds"
    if valid.role not in ("creator", "seller") and elsewhere != name:
        answer = send(market, elsewhere, role=valid.role, idempotency_key="k")
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert picture(market.engine) == before
    assert send(market, name, idempotency_key="k").data == first.data


@every
def test_i3_twenty_at_once_with_one_key_have_one_effect(market: Market, name: str) -> None:
    status = REQUESTS[name].status
    sent = at_once(20, lambda _: send(market, name, idempotency_key="k"))
    fresh = [each for each in sent if REPLAYED not in each.headers and each.status_code == status]
    assert len(fresh) == 1, [each.text for each in sent]
    for each in sent:
        if each.status_code == 409:
            assert each.json["code"] == "idempotency_key_in_use"
        else:
            assert (each.status_code, each.data) == (status, fresh[0].data)
    assert answers(market) == 1


def test_i3_holds_across_processes(market: Market, served: Served) -> None:
    body = {"amount": {"amount": "3.00", "currency": "RUB"}}
    sent = at_once(
        20, lambda _: served.call("finance", "POST", "/v1/funds/main/deposits", body, idempotency_key="k")
    )
    assert {each.status for each in sent} <= {201, 409}
    assert len({each.data for each in sent if each.status == 201}) == 1
    deposits = market.call.ok("finance", "GET", "/v1/funds/main/deposits")["data"]
    assert [each["amount"]["amount"] for each in deposits] == ["500000.00", "3.00"]


@every
def test_i4_malformed_is_not_stored_and_a_refusal_is(market: Market, name: str) -> None:
    valid = REQUESTS[name]
    malformed = send(market, name, json=(valid.json or {}) | {"bogus": 1}, idempotency_key="k")
    assert malformed.status_code == 422
    assert answers(market) == 0

    assert valid.refused is not None
    path, json = valid.refused
    refused = send(market, name, path=path, json=json, idempotency_key="r")
    assert refused.status_code in {404, 409}, refused.text
    before = picture(market.engine)
    again = send(market, name, path=path, json=json, idempotency_key="r")
    assert (again.status_code, again.data, again.headers[REPLAYED]) == (
        refused.status_code,
        refused.data,
        "true",
    )
    assert picture(market.engine) == before

    corrected = send(market, name, idempotency_key="k")
    assert (corrected.status_code, REPLAYED in corrected.headers) == (valid.status, False), corrected.text


BAD_KEYS = [None, "", "   ", '""', "x" * 256, f'"{"x" * 256}"', "ключ", "a b", "\x7f", "\tx\ty"]


@every
def test_i6_a_missing_or_malformed_key_is_400_and_says_where_to_read(market: Market, name: str) -> None:
    before = picture(market.engine)
    for key in BAD_KEYS:
        raw = key and key.encode().decode("latin-1")
        answer = send(market, name, idempotency_key=raw)
        assert answer.status_code == 400, (key, answer.text)
        missing = not (key or "").strip()
        assert answer.json["code"] == f"idempotency_key_{'missing' if missing else 'malformed'}"
        if missing:
            assert "/docs/errors#idempotency_key_missing" in answer.json["detail"]
    assert picture(market.engine) == before
    longest = send(market, name, idempotency_key=f'"{"x" * 255}"')
    bare = send(market, name, idempotency_key="x" * 255)
    assert longest.status_code == REQUESTS[name].status
    assert (bare.data, bare.headers[REPLAYED]) == (longest.data, "true")


@pytest.mark.parametrize("key", ["a\0b", "a\nb", "a\r\nX-Role: finance"])
def test_i6_control_characters_never_reach_a_store(client: Any, market: Market, key: str) -> None:
    """A client library refuses to send these, so they are put where the server would have put them."""
    headers = {"Authorization": f"Bearer {market.call.keys['finance']}"}
    answer = client.post(
        "/v1/funds/main/deposits",
        json={"amount": {"amount": "1.00", "currency": "RUB"}},
        headers=headers,
        environ_overrides={"HTTP_IDEMPOTENCY_KEY": key},
    )
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_malformed")


@every
def test_i7_two_callers_with_one_key_do_not_meet(market: Market, name: str) -> None:
    first = send(market, name, idempotency_key="k")
    second = send(market, name, role=SECOND[REQUESTS[name].role], idempotency_key="k")
    assert REPLAYED not in first.headers and REPLAYED not in second.headers
    assert second.status_code in {REQUESTS[name].status, 409}
    assert answers(market) == 2


def test_the_people_of_these_tests_are_who_they_should_be(call: Caller) -> None:
    """finance3 is the same person as finance with another key."""
    assert PEOPLE["finance"][2].casefold() == PEOPLE["finance3"][2].strip()
