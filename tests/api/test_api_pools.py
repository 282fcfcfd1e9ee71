"""Pools over HTTP: what everybody sees of them, and what a creator does."""

from typing import Any

import pytest
from api_market import Market, rub

DAY = "2026-11-02"
RULE = {
    "name": "stars",
    "grain": "creator_day",
    "pool": {"amount": rub("5.00"), "per": "day", "weight": "clicks / 4"},
}
SHARES = f"/v1/programs/sky/pools/stars/{DAY}"


@pytest.fixture
def sky(market: Market) -> Market:
    """c1 and c2 have a click each on the day on which the marketplace was made."""
    ok = market.call.ok
    body = {
        "id": "sky",
        "name": "Sky",
        "currency": "RUB",
        "funding": {"fund": "main", "line": "l"},
        "open": "all",
    }
    ok("operator", "POST", "/v1/programs", body)
    ok("operator", "POST", "/v1/programs/sky/versions", {"effective_from": DAY, "rules": [RULE]})
    ok("operator", "POST", "/v1/programs/sky/versions/1/activate")
    return market


def pools(market: Market, role: str = "creator") -> Any:
    return market.call.ok(role, "GET", f"/v1/programs/sky/pools?from={DAY}&to={DAY}")["data"]


def test_everybody_sees_the_whole_and_a_creator_its_own_share(sky: Market) -> None:
    [shown] = pools(sky)
    assert shown == {
        "rule": "stars", "version": 1, "grain": "creator_day", "per": "day", "period": DAY, "state": "closing",
        "amount": rub("5.00"), "keys": 2, "weight": "0.5", "paid": None,
        "final_at": "2026-11-10T01:00:00+03:00", "split_at": None,
    }  # fmt: skip
    line = {
        "content": None,
        "product": None,
        "weight": "0.25",
        "share": rub("2.50"),
        "owed": None,
        "estimate": True,
    }
    mine, other = ({"key": f"{DAY}/{each}", "creator": each} | line for each in ("c1", "c2"))
    ok = sky.call.ok
    assert ok("finance", "GET", SHARES)["data"] == [mine, other]
    assert ok("finance", "GET", f"{SHARES}?creator=c2")["data"] == [other]
    assert (
        ok("creator", "GET", SHARES)["data"] == ok("creator", "GET", f"{SHARES}?creator=c1")["data"] == [mine]
    )
    assert sky.call("creator", "GET", f"{SHARES}?creator=c2").status_code == 404


def test_shares_come_in_pages_and_the_split_pays_what_was_shown(sky: Market) -> None:
    ok = sky.call.ok
    first = ok("operator", "GET", f"{SHARES}?limit=1")
    second = ok("operator", "GET", f"{SHARES}?limit=1&cursor={first['next_cursor']}")
    assert [each["creator"] for each in first["data"] + second["data"]] == ["c1", "c2"]
    assert second["next_cursor"] is None
    sky.clock.pass_time(days=8)
    sky.jobs()
    [shown] = pools(sky)
    assert (shown["state"], shown["paid"], shown["keys"]) == ("split", rub("5.00"), 2)
    assert [(each["owed"], each["estimate"]) for each in ok("operator", "GET", SHARES)["data"]] == [
        (rub("2.50"), False)
    ] * 2
    rewards = ok("creator", "GET", "/v1/creators/c1/rewards")["data"]
    assert [each["amount"] for each in rewards if each["program"] == "sky"] == [rub("2.50")]


def test_what_is_no_pool_answers_404_and_a_wrong_span_422(sky: Market) -> None:
    call = sky.call
    for path in ("none/pools/stars/2026-11-02", "sky/pools/none/2026-11-02", "sky/pools/stars/2026-11"):
        assert call("operator", "GET", f"/v1/programs/{path}").status_code == 404
    for span in ("", "?from=2026-11-02", "?from=2026-11-02&to=2026-11-01", "?from=2025-01-01&to=2026-11-01"):
        assert call("operator", "GET", f"/v1/programs/sky/pools{span}").status_code == 422
    assert call("operator", "GET", f"{SHARES}?cursor=x").status_code == 422
