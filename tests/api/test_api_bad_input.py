"""Malformed requests: each a problem document of the right status, none an effect."""

import gzip
import io
import time
import tracemalloc
import zlib
from functools import cache
from typing import Any

import pytest
from api_caller import Caller
from api_market import Market, rub
from api_requests import BODIES, REQUESTS, picture, send

JSON = {"content_type": "application/json"}


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v2/funds", "/nothing", "/v1", "/v1/funds/main/none", "/admin", "/.env"]
)
def test_b2_an_unknown_route_is_404(call: Caller, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = call("operator", method, path)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", REQUESTS)
def test_b2_a_wrong_method_is_405_and_says_which_are_right(market: Market, name: str) -> None:
    valid = REQUESTS[name]
    path = name.split(" ", 1)[1]
    wrong = "DELETE" if f"PATCH {path}" in REQUESTS else "PATCH"
    answer = market.call(valid.role, wrong, valid.path.format(**market.ids))
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert name.split()[0] in answer.headers["Allow"].replace(" ", "").split(",")


@pytest.mark.parametrize("name", BODIES)
def test_b2_broken_json_is_400_and_another_content_type_415(market: Market, name: str) -> None:
    before = picture(market.engine)
    optional = REQUESTS[name].json == {} or "/enrolments/" in name or name.startswith("PATCH ")
    if not optional:
        assert send(market, name, body=b"", json=None, **JSON).status_code in {400, 422}
    for body in (
        b"{",
        b"nope",
        b'{"a":1',
        b'{"a":1}{}',
        b"\xff\xfe",
        b'{"\xff": 1}',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ):
        answer = send(market, name, body=body, json=None, **JSON)
        assert (answer.status_code, answer.json["code"]) == (400, "broken_json"), (body[:20], answer.text)
    for body in (b"[]", b"null", b"1", b'"x"', b"true"):
        answer = send(market, name, body=body, json=None, **JSON)
        assert answer.status_code in {400, 422}, (body, answer.text)
    for kind in (
        "text/plain",
        "application/xml",
        "text/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        answer = send(market, name, body=b'{"a": 1}', json=None, content_type=kind)
        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type"), (
            kind,
            answer.text,
        )
    assert picture(market.engine) == before


def test_b1_a_fault_says_nothing_of_its_cause(market: Market, owner: Any) -> None:
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE fund RENAME COLUMN name TO renamed")
    try:
        answer = market.call("auditor", "GET", "/v1/funds/main")
    finally:
        with owner.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE fund RENAME COLUMN renamed TO name")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "renamed" not in answer.text and "fund" not in answer.json["detail"]


def form(parts: int, size: int) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * size + b"\r\n"
    return part * parts + b"--x--\r\n"


FORMS = {"parts": form(10_000, 1), "field": form(1, 10_000_000), "fields": b"a=1&" * 100_000}


@pytest.mark.parametrize("bomb", FORMS)
@pytest.mark.parametrize("path", ["/v1/funds", "/v1/events", "/v1/catalog", "/v1/payout-runs/run_x/approve"])
def test_b6_a_form_bomb_is_refused_at_once(call: Caller, path: str, bomb: str) -> None:
    role = {"/v1/funds": "operator", "/v1/payout-runs/run_x/approve": "finance"}.get(path, "platform")
    kind = "application/x-www-form-urlencoded" if bomb == "fields" else "multipart/form-data; boundary=x"
    started = time.perf_counter()
    answer = call(role, "POST", path, body=FORMS[bomb], content_type=kind)
    assert answer.status_code in {413, 415, 422}
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("path", ["/v1/funds", "/v1/events", "/v1/catalog"])
def test_b6_more_than_32_megabytes_are_413(call: Caller, path: str) -> None:
    role = "operator" if path == "/v1/funds" else "platform"
    kind = "application/x-ndjson" if path == "/v1/catalog" else "application/json"
    answer = call(role, "POST", path, body=b" " * (32 * 1024 * 1024 + 1), content_type=kind)
    assert answer.status_code == 413


@cache
def bomb(megabytes: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for _ in range(megabytes):
            file.write(b" " * 1_000_000)
    return packed.getvalue()


@pytest.mark.parametrize("path", ["/v1/events", "/v1/catalog"])
def test_w11_a_gzip_bomb_costs_no_more_than_an_honest_body(call: Caller, path: str) -> None:
    packed = bomb(400)
    tracemalloc.start()
    started = time.perf_counter()
    answer = call(
        "platform", "POST", path, body=packed, content_type="application/x-ndjson", content_encoding="gzip"
    )
    took, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert took < 2
    assert peak < 150 * 1024 * 1024


BROKEN = {
    "none": b"plain",
    "empty": b"",
    "cut": gzip.compress(b'{"events": []}')[:-6],
    "twice": gzip.compress(b'{"events": []}') * 2,
    "zlib": zlib.compress(b'{"events": []}'),
    "crc": gzip.compress(b'{"events": []}')[:-8] + b"\0" * 8,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_w11_broken_gzip_is_refused(call: Caller, kind: str) -> None:
    headers = {"content_type": "application/json", "content_encoding": "gzip"}
    answer = call("platform", "POST", "/v1/events", body=BROKEN[kind], **headers)
    assert (answer.status_code, answer.json["code"]) == (422, "broken_gzip")
    honest = call("platform", "POST", "/v1/events", body=gzip.compress(b'{"events": []}'), **headers)
    assert honest.status_code == 200
    other = call(
        "platform", "POST", "/v1/events", body=b"{}", content_type="application/json", content_encoding="br"
    )
    assert other.status_code == 415


def test_l7_nothing_is_written_for_two_currencies_that_balance_only_together(market: Market) -> None:
    before = picture(market.engine)
    usd = {"amount": "1.00", "currency": "USD"}
    fund = {"id": "x", "name": "x", "currency": "RUB", "budget": usd}
    line = {"id": "x", "purpose": "x", "allocation": {"amount": usd, "per": "once"}}
    program = REQUESTS["POST /programs"].json | {"currency": "USD"}
    settings = REQUESTS["PUT /payout-settings"].json | {"minimum": rub("1.00"), "approval_limit": usd}
    for name, json in (
        ("POST /funds", fund),
        ("POST /funds/<id>/deposits", {"amount": usd}),
        ("POST /funds/<id>/lines", line),
        ("POST /programs", program),
        ("PUT /payout-settings", settings),
    ):
        assert send(market, name, json=json).status_code == 422, name
    assert picture(market.engine) == before
