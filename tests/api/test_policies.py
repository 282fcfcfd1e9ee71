"""Policies over HTTP: versions, refusals, and the explanation of a sale."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from api_market import Market


def moment(market: Market, **after: float) -> str:
    return (market.clock.now + timedelta(**after)).isoformat()


def test_a_policy_and_its_versions(market: Market) -> None:
    made = market.call.ok("operator", "POST", "/v1/policies", {"id": "fair", "model": "linear"})
    assert {name: made[name] for name in ("id", "version", "model", "scope", "click_window_hours", "view_window_hours")} == {
        "id": "fair", "version": 1, "model": "linear", "scope": "product", "click_window_hours": 720, "view_window_hours": 24,
    }  # fmt: skip
    assert datetime.fromisoformat(made["effective_from"]) == market.clock.now
    later = {"id": "fair", "model": "time_decay", "scope": "store", "effective_from": moment(market, days=1)}
    made = market.call.ok("operator", "POST", "/v1/policies", later | {"click_window_hours": 24})
    assert (made["version"], made["model"]) == (1, "linear")  # what is in force
    assert [(v["version"], v["model"], v["created_by"]) for v in made["versions"]] == [(1, "linear", "Olga"), (2, "time_decay", "Olga")]  # fmt: skip
    market.clock.pass_time(days=1)
    made = market.call.ok("auditor", "GET", "/v1/policies/fair")
    assert (made["version"], made["scope"], made["click_window_hours"]) == (2, "store", 24)
    listed = market.call.ok("platform", "GET", "/v1/policies")["data"]
    assert [each["id"] for each in listed] == ["default", "fair"]
    first = market.call.ok("platform", "GET", "/v1/policies?limit=1")
    rest = market.call.ok("platform", "GET", f"/v1/policies?limit=1&cursor={first['next_cursor']}")
    assert [each["id"] for each in rest["data"]] == ["fair"]


def test_a_new_policy_may_start_in_the_past_and_a_program_may_go_by_it(market: Market) -> None:
    market.call.ok("operator", "POST", "/v1/policies", {"id": "old", "model": "linear", "effective_from": "2026-10-01T00:00:00Z"})  # fmt: skip
    market.jobs()
    sale = market.call.ok("finance", "GET", "/v1/sales/o1/p1/attribution")
    [old] = [each for each in sale["policies"] if each["policy"] == "old"]
    assert (old["outcome"], old["version"]["version"], old["agrees"]) == ("click", 1, True)
    program = {"id": "byold", "name": "x", "currency": "RUB", "funding": {"fund": "main", "line": "l"}}
    made = market.call.ok("operator", "POST", "/v1/programs", program | {"policy": "old", "open": "all"})
    assert made["policy"] == "old"


@pytest.mark.parametrize("since", [None, "2026-10-01T00:00:00Z"])
def test_a_later_version_starts_in_the_future(market: Market, since: str | None) -> None:
    body = {"id": "default", "model": "linear"} | ({"effective_from": since} if since else {})
    answer = market.call("operator", "POST", "/v1/policies", body)
    assert (answer.status_code, answer.json["code"]) == (409, "version_not_in_future")


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "best"}, {"scope": "all"}, {"click_window_hours": -1}, {"click_window_hours": 8761}, {"view_window_hours": 1.5},
        {"view_window_hours": "24"}, {"effective_from": "tomorrow"}, {"id": "a b"}, {"extra": 1}, {"model": None},
    ],
)  # fmt: skip
def test_bad_policies_are_refused(market: Market, wrong: dict[str, Any]) -> None:
    answer = market.call("operator", "POST", "/v1/policies", {"id": "x", "model": "linear"} | wrong)
    assert answer.status_code == 422
    assert market.call("operator", "GET", "/v1/policies/x").status_code == 404


def test_a_sale_is_explained(market: Market) -> None:
    sale = market.call.ok("finance", "GET", "/v1/sales/o1/p1/attribution")
    [outcome] = sale["policies"]
    assert outcome["version"] == {"version": 1, "model": "last_touch", "scope": "product", "click_window_hours": 720, "view_window_hours": 24}  # fmt: skip
    assert (outcome["outcome"], outcome["touch"], outcome["generation"], outcome["agrees"]) == ("click", "click1", 1, True)  # fmt: skip
    [touch] = outcome["touches"]
    assert (touch["id"], touch["type"], touch["content"], touch["taken"], touch["reason"], touch["weight"]) == ("click1", "click", "k1", True, None, "1")  # fmt: skip
    [share] = outcome["shares"]
    assert (share["amount"]["amount"], share["units"], share["orders"], share["weight"]) == ("1000.00", "1.000000", "1.000000", "1")  # fmt: skip
    assert (sale["anonymous"], outcome["touch_count"]) == (False, 1)
