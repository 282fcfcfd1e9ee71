"""Text from outside: stored as it came or refused, never executed, never a fault."""

import csv
import io
import json
from typing import Any

import pytest
from api_caller import Caller
from api_document import document, parameters, put_at, text_fields
from api_market import Market
from api_requests import BODIES, REQUESTS, picture, send

NAMES = {
    "rtl": "abc\u202edef",
    "zero width": "a\u200b\u200d\ufeffb",
    "emoji": "👩‍👩‍👧‍👦🏴‍☠️",
    "combining": "z" + "\u0301" * 190,
    "sql": "'; DROP TABLE creator; --",
    "template": "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "lookup": "${jndi:ldap://127.0.0.1/a}",
    "path": "../../etc/passwd",
    "html": "<script>alert(1)</script>",
    "formula": '=HYPERLINK("http://x";"y")',
    "quotes": '"a","b"\'`',
    "backslash": "\\N \\x00 \\u0000",
    "private": "\ue000\uffff\U0010ffff",
    "percent": "%s %(name)s %n {0.__class__}",
}
REFUSED = {
    "nul": "a\0b",
    "escape": "a\x1bb",
    "surrogate": "a\ud800b",
    "low surrogate": "\udc00",
    "empty": "",
    "1 MB": "x" * 1_000_000,
}


def fields_of(name: str) -> list[tuple[Any, ...]]:
    method, path = name.split()
    path = "/v1" + path.replace("<int:", "<").replace("<", "{").replace(">", "}")
    content = document()["paths"][path][method.lower()]["requestBody"]["content"]
    return list(dict.fromkeys(text_fields(content["application/json"]["schema"])))


@pytest.mark.parametrize("kind", NAMES)
def test_b5_a_name_is_stored_as_it_came_and_shown_so_everywhere(call: Caller, kind: str) -> None:
    name = NAMES[kind]
    assert call.ok("platform", "PUT", "/v1/creators/c1", {"name": name})["name"] == name
    assert call.ok("seller", "GET", "/v1/creators/c1")["name"] == name
    assert name in [each["name"] for each in call.ok("seller", "GET", "/v1/creators")["data"]]
    answer = call("platform", "GET", "/v1/creators/c1")
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", NAMES)
def test_b5_a_name_never_breaks_the_register(market: Market, ids: dict[str, str], kind: str) -> None:
    """CSV: one line a payout, whatever the creator is called; a formula's first letter is guarded, and the guard."""
    market.call.ok("platform", "PUT", "/v1/creators/c2", {"name": NAMES[kind]})
    text = market.call.ok("finance", "GET", f"/v1/payout-runs/{ids['run_sent']}/register")
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    guarded = "'" if NAMES[kind].startswith(("=", "'")) else ""
    assert row["name"] == guarded + NAMES[kind]


@pytest.mark.parametrize("kind", NAMES)
def test_b5_a_reference_is_plain_ascii_or_refused(call: Caller, kind: str) -> None:
    bad = {
        "seller": NAMES[kind],
        "title": "x",
        "category": "x",
        "price": {"amount": "1.00", "currency": "RUB"},
    }
    assert call("platform", "PUT", "/v1/products/p1", bad).status_code == 422
    event = {
        "id": NAMES[kind],
        "type": "view",
        "occurred_at": "2026-11-03T09:00:00Z",
        "viewer": "v",
        "content": "k1",
    }
    answer = call.ok("platform", "POST", "/v1/events", {"events": [event]})
    assert (answer["rejected"], answer["errors"][0]["id"]) == (1, None)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("kind", REFUSED)
def test_b5_what_cannot_be_stored_is_refused_in_every_text_field(
    market: Market, name: str, kind: str
) -> None:
    """NUL, half a character, a megabyte: 422 in each text field of each body, found by the document."""
    before = picture(market.engine)
    for way in fields_of(name):
        if kind == "empty" and way[-1] in {"caption", "reference"}:
            continue
        answer = send(market, name, json=put_at(REQUESTS[name].json, way, REFUSED[kind]))
        if name == "POST /events":
            assert answer.status_code == 200 and answer.json["rejected"] == 1, (way, answer.text)
        else:
            assert answer.status_code == 422, (way, answer.text)
        assert len(answer.data) < 5000
    if name != "POST /events":
        assert picture(market.engine) == before


@pytest.mark.parametrize("name", [name for name in REQUESTS if name.startswith("GET ")])
def test_b5_nul_in_a_query_is_refused(market: Market, name: str) -> None:
    method, path = name.split()
    documented = "/v1" + path.replace("<int:", "<").replace("<", "{").replace(">", "}")
    where, _, query = REQUESTS[name].path.format(**market.ids).partition("?")
    sent = dict(pair.split("=") for pair in query.split("&")) if query else {}
    for parameter in parameters(method, documented, "query"):
        for value in ("%00", "a%00b", "%ED%A0%80", "%FF%FE"):
            pairs = "&".join(f"{k}={v}" for k, v in (sent | {parameter: value}).items())
            answer = market.call(REQUESTS[name].role, "GET", f"{where}?{pairs}")
            assert answer.status_code in {404, 422} or "%00" not in value, (parameter, value, answer.text)
            assert answer.status_code < 500


@pytest.mark.parametrize(
    "header",
    [
        "X-Request-Id",
        "Accept",
        "Accept-Language",
        "Content-Type",
        "User-Agent",
        "Origin",
        "Referer",
        "X-Forwarded-For",
        "Host",
    ],
)
def test_b5_hostile_headers_come_back_nowhere(client: Any, market: Market, header: str) -> None:
    environ = {f"HTTP_{header.upper().replace('-', '_')}": "x\r\nSet-Cookie: a=b\0${jndi:x}"}
    answer = client.get(
        "/v1/creators",
        headers={"Authorization": f"Bearer {market.call.keys['seller']}"},
        environ_overrides=environ,
    )
    assert answer.status_code in {200, 400}
    assert "jndi" not in str(answer.headers) and "Set-Cookie" not in answer.headers


def test_b5_the_catalog_takes_the_same_text_in_bulk(call: Caller) -> None:
    rows = [
        {"type": "creator", "id": f"n{n}", "name": name}
        for n, name in enumerate([*NAMES.values(), *REFUSED.values()])
    ]
    body = b"\n".join(json.dumps(row).encode() for row in rows)
    answer = call("platform", "POST", "/v1/catalog", body=body, content_type="application/x-ndjson").json
    assert (answer["accepted"]["creator"], answer["rejected"]) == (len(NAMES), len(REFUSED))
    assert [each["index"] for each in answer["errors"]] == list(range(len(NAMES), len(rows)))


def nested(depth: int, kind: str) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


@pytest.mark.parametrize("name", BODIES)
def test_b2_deep_nesting_is_refused_wherever_it_stands(market: Market, name: str) -> None:
    before = picture(market.engine)
    for depth in (50, 400):
        for kind in ("list", "dict"):
            for field in [*REQUESTS[name].json, "unknown"]:
                answer = send(market, name, json=REQUESTS[name].json | {field: nested(depth, kind)})
                assert answer.status_code in {400, 422} or answer.json.get("rejected"), (field, answer.text)
    if name != "POST /events":
        assert picture(market.engine) == before
