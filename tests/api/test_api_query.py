"""Pages and filters: bounded, literal, never a silent pick."""

import time
from typing import Any

import pytest
from api_caller import Caller, checked
from api_document import documented, parameters
from api_market import Market
from api_requests import REQUESTS

GETS = [name for name in REQUESTS if name.startswith("GET ")]
NASTY = ["' OR '1'='1", "'; DROP TABLE fund; --", "%", "_", "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%", "\\", "\"", "c1'--", "$(id)", "(a+)+$", "a" * 5000, "0x31", "c1\u200b", "ｃ1", "*", "null"]  # fmt: skip


def template(name: str) -> str:
    """A path as the document writes it."""
    path = name.split(" ", 1)[1].replace("<int:", "<")
    return "/v1" + path.replace("<", "{").replace(">", "}")


def where(market: Market, name: str) -> tuple[str, dict[str, str]]:
    path, _, query = REQUESTS[name].path.format(**market.ids).partition("?")
    return path, dict(pair.split("=") for pair in query.split("&")) if query else {}


def ask(market: Market, name: str, query: dict[str, Any], role: str | None = None) -> Any:
    path, _ = where(market, name)
    client = market.call.app.test_client()
    headers = {"Authorization": f"Bearer {market.call.keys[role or REQUESTS[name].role]}"}
    return checked(client.get(path, query_string=query, headers=headers))


def rows(answer: Any) -> list[Any]:
    """A list's rows; what is more than a list names them."""
    [found] = [answer[name] for name in ("data", "lines", "differences") if name in answer]
    assert isinstance(found, list)
    return found


LISTS = [name for name in GETS if "limit" in parameters("get", template(name), "query")]
FILTERS = [(name, each) for name in GETS for each in parameters("get", template(name), "query") if each not in {"limit", "cursor"}]  # fmt: skip


def test_every_list_takes_limit_and_cursor() -> None:
    paged = {
        path
        for method, path, op in documented()
        if method == "GET" and "Page" in str(op["responses"].get("200"))
    }
    assert paged == {template(name) for name in LISTS}
    assert all("cursor" in parameters("get", template(name), "query") for name in LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_b8_a_limit_is_1_to_1000(market: Market, name: str) -> None:
    _, query = where(market, name)
    for limit in (
        "0",
        "-1",
        "1001",
        "1000000000",
        "abc",
        "",
        "1.0",
        "1e2",
        " 1",
        "+1",
        "0x1",
        "١",
        "²",
        "9" * 5000,
        "true",
    ):
        answer = ask(market, name, query | {"limit": limit})
        assert answer.status_code == 422, (limit, answer.text)
    for limit in ("1", "1000"):
        answer = ask(market, name, query | {"limit": limit})
        assert answer.status_code == 200 and len(rows(answer.json)) <= int(limit)


@pytest.mark.parametrize("name", LISTS)
def test_b8_a_forged_or_foreign_cursor_is_422(market: Market, name: str) -> None:
    _, query = where(market, name)
    foreign = ask(market, "GET /ledger/accounts", {"limit": 1}).json["next_cursor"]
    for cursor in ("x", "", "MQ", "bnVsbA.x", "1", "'", "a" * 5000, foreign, "é"):
        if name == "GET /ledger/accounts" and cursor == foreign:
            continue
        answer = ask(market, name, query | {"cursor": cursor})
        assert (answer.status_code, answer.json["code"]) == (422, "bad_cursor"), (cursor, answer.text)


@pytest.mark.parametrize("name", LISTS)
def test_b8_pages_of_one_are_the_whole_list(market: Market, name: str) -> None:
    _, query = where(market, name)
    whole = rows(ask(market, name, query).json)
    found: list[Any] = []
    cursor = None
    while len(found) <= len(whole):
        page = ask(market, name, query | {"limit": 1} | ({"cursor": cursor} if cursor else {})).json
        found += rows(page)
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == whole


def test_b8_a_cursor_holds_for_its_filters_only(market: Market) -> None:
    cursor = ask(market, "GET /ledger/accounts", {"limit": 1, "prefix": "l"}).json["next_cursor"]
    assert (
        ask(market, "GET /ledger/accounts", {"limit": 1, "prefix": "l", "cursor": cursor}).status_code == 200
    )
    for other in ({}, {"prefix": "a"}):
        assert ask(market, "GET /ledger/accounts", {"limit": 1, "cursor": cursor} | other).status_code == 422


@pytest.mark.parametrize("name", GETS)
def test_b11_a_repeated_or_unknown_parameter_is_422(market: Market, name: str) -> None:
    path, query = where(market, name)
    allowed = parameters("get", template(name), "query")
    pairs = [(each, query.get(each, "1")) for each in allowed] or [("id", "1")]
    for pair in pairs:
        sent = "&".join(f"{k}={v}" for k, v in [*query.items(), pair, pair])
        answer = market.call(REQUESTS[name].role, "GET", f"{path}?{sent}")
        assert (answer.status_code, answer.json["code"]) == (422, "repeated_parameter"), answer.text
    for unknown in ("sort", "order_by", "id[]", "fields", "LIMIT", "x"):
        assert ask(market, name, query | {unknown: "1"}).status_code == 422


def test_b11_a_body_does_not_compete_with_the_path(call: Caller) -> None:
    """The path says which; a body that says it again is refused."""
    answer = call("platform", "PUT", "/v1/creators/c1", {"id": "c2", "name": "x"})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/id")
    assert call("operator", "POST", "/v1/funds?id=other", {"id": "x"}).status_code == 422


@pytest.mark.parametrize(("name", "parameter"), FILTERS)
def test_b14_metacharacters_in_a_filter_are_literal(market: Market, name: str, parameter: str) -> None:
    _, query = where(market, name)
    for value in NASTY:
        started = time.perf_counter()
        answer = ask(market, name, query | {parameter: value})
        assert answer.status_code in {200, 404, 422}, (value, answer.text)
        if answer.status_code == 200 and "data" in answer.json:
            assert answer.json["data"] == [], value
        assert time.perf_counter() - started < 5  # seconds: no pattern runs away


@pytest.mark.parametrize("name", GETS)
def test_b14_metacharacters_in_a_path_are_literal(market: Market, name: str) -> None:
    _, query = where(market, name)
    tail = template(name)
    if "{" not in tail:
        return
    for value in (
        "%27%20OR%201=1",
        "%25",
        "_",
        "%5C",
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%FF",
        "%E2%80%AE",
        "9" * 400,
        "null",
        "-1",
        "0",
        "{{7*7}}",
        "%0d%0aX: y",
    ):
        filled = tail
        while "{" in filled:
            start, end = filled.index("{"), filled.index("}")
            filled = filled[:start] + value.replace("{", "%7B").replace("}", "%7D") + filled[end + 1 :]
        sent = "&".join(f"{k}={v}" for k, v in query.items())
        answer = market.call(REQUESTS[name].role, "GET", f"{filled}?{sent}" if sent else filled)
        assert answer.status_code in {404, 422}, (value, answer.text)
        assert "\r" not in answer.headers.get("Location", "")
