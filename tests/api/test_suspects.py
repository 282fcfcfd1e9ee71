"""Suspects over HTTP: who lists and decides them, once and finally, and what an event then says of itself."""

import pytest
from api_market import Market


def event_state(market: Market) -> tuple[str, bool]:
    found = market.call.ok("platform", "GET", "/v1/events/own_open")
    return found["state"], found["tallied"]


@pytest.mark.parametrize(
    ("action", "after"), [("confirm", ("suspect", False)), ("clear", ("accepted", True))]
)
def test_a_decision_is_made_once(market: Market, action: str, after: tuple[str, bool]) -> None:
    assert event_state(market) == ("suspect", False)
    path = f"/v1/suspects/{market.ids['sus_open']}/"
    made = market.call.ok("operator", "POST", path + action, {"reason": "looked at it"})
    assert (made["rule"], made["decided_by"], made["reason"]) == ("own_viewer", "Olga", "looked at it")
    assert event_state(market) == after
    for again in ("confirm", "clear"):
        answer = market.call("operator2", "POST", path + again, json={"reason": "no"})
        assert (answer.status_code, answer.json["code"]) == (409, "already_decided")


def test_lists_are_by_state_and_rule_and_in_pages(market: Market) -> None:
    def events(query: str) -> list[str]:
        return [each["event"] for each in market.call.ok("auditor", "GET", f"/v1/suspects{query}")["data"]]

    assert sorted(events("")) == ["own_confirmed", "own_open"]
    assert events("?state=open&rule=own_viewer") == ["own_open"]
    assert events("?rule=view_share") == []
    first = market.call.ok("auditor", "GET", "/v1/suspects?limit=1")
    assert events(f"?limit=1&cursor={first['next_cursor']}") != [first["data"][0]["event"]]
    listed = market.call.ok("platform", "GET", "/v1/events?state=suspect")["data"]
    assert sorted(each["id"] for each in listed) == ["own_confirmed", "own_open"]


def test_many_are_decided_by_what_they_have_in_common(market: Market) -> None:
    body = {"decision": "clear", "reason": "a test account"}
    path = "/v1/suspects/decide"
    assert market.call("operator", "POST", path, json=body).json["code"] == "nothing_named"
    assert market.call.ok("operator", "POST", path, body | {"viewer": "v1"}) == {"decided": 0, "left": 0}
    assert market.call.ok("operator", "POST", path, body | {"viewer": "vd4"}) == {"decided": 1, "left": 0}
    assert event_state(market) == ("accepted", True)
    assert market.call.ok("operator", "POST", path, body | {"content": "k3"}) == {"decided": 0, "left": 0}
