"""GET /events/{id} says what became of an event: waiting, counted, whose it is, what it was rewarded with."""

from typing import Any

from api_market import Market


def fate(market: Market, event: str) -> dict[str, Any]:
    found: dict[str, Any] = market.call.ok("platform", "GET", f"/v1/events/{event}")
    return found


def rewarded(market: Market, event: str) -> list[tuple[str, str, str, str]]:
    return [
        (each["rule"], each["grain"], each["creator"], each["amount"]["amount"])
        for each in fate(market, event)["rewarded"]
    ]


def reach(market: Market) -> None:
    """A program that also pays for views of a day."""
    ok = market.call.ok
    body = {"id": "reach", "name": "Reach", "currency": "RUB", "hold_days": 0, "open": "all"}
    ok("operator", "POST", "/v1/programs", body | {"funding": {"fund": "main", "line": "l"}})
    rules = [{"name": "views", "grain": "content_day", "amount": "views * 2"}]
    ok("operator", "POST", "/v1/programs/reach/versions", {"effective_from": "2026-11-01", "rules": rules})
    ok("operator", "POST", "/v1/programs/reach/versions/1/activate")


def test_a_touch_is_waited_for_then_counted_and_paid_with_its_day(market: Market) -> None:
    reach(market)
    market.events(
        market.event("view", "f-view", viewer="f1", content="k1", watch_ms=9000),
        market.event("view", "f-other", viewer="f1", content="k2", watch_ms=9000),
        market.event("view", "f-early", viewer="f1", content="k-later", watch_ms=9000),
    )
    before = fate(market, "f-view")
    assert (before["state"], before["tallied"], before["attributed"], before["rewarded"]) == (
        "accepted",
        False,
        [],
        [],
    )
    early = fate(market, "f-early")
    assert (early["state"], early["reason"], early["tallied"]) == ("parked", "unknown_content", False)
    market.jobs()
    assert fate(market, "f-view")["tallied"] is True
    assert fate(market, "f-view")["rewarded"] == [], "the day goes on"

    content = {"creator": "c2", "kind": "video", "published_at": "2026-11-01T09:00:00Z", "products": ["p2"]}
    market.call.ok("platform", "PUT", "/v1/contents/k-later", content)
    market.clock.pass_time(days=1, hours=2)
    market.jobs()
    assert (fate(market, "f-early")["state"], fate(market, "f-early")["tallied"]) == ("accepted", True)
    assert rewarded(market, "f-early") == [("views", "content_day", "c2", "2.00")]
    [line] = [each for each in fate(market, "f-view")["rewarded"] if each["rule"] == "views"]
    assert (line["creator"], line["content"], line["program"]) == ("c1", "k1", "reach")
    shown = market.call.ok("finance", "GET", f"/v1/rewards/{line['id']}")
    assert (shown["amount"], shown["content"]) == (line["amount"], "k1")


def test_a_sale_says_whose_it_is_and_what_was_given_and_taken_back(market: Market) -> None:
    market.events(
        market.event("click", "f-click", -180, viewer="f2", content="k1", product="p1"),
        market.event("purchase", "f-buy", -170, viewer="f2", order="f-o", product="p1", quantity=2, amount="100.00", currency="RUB"),
        market.event("purchase", "f-none", -170, viewer="nobody", order="f-n", product="p1", quantity=1, amount="100.00", currency="RUB"),
        market.event("refund", "f-early-back", -160, order="f-unknown", product="p1", quantity=1),
    )  # fmt: skip
    assert (fate(market, "f-buy")["attributed"], fate(market, "f-buy")["rewarded"]) == ([], [])
    early = fate(market, "f-early-back")
    assert (early["state"], early["reason"]) == ("parked", "unknown_purchase")
    market.jobs()
    sold = fate(market, "f-buy")
    assert sold["attributed"] == [{"policy": "default", "outcome": "click", "content": "k1", "creator": "c1"}]
    assert (sold["order"], sold["product"]) == ("f-o", "p1")
    assert rewarded(market, "f-buy") == [("percent", "sale", "c1", "10.00")]
    nobodys = fate(market, "f-none")
    assert [each["outcome"] for each in nobodys["attributed"]] == ["none"]
    assert nobodys["attributed"][0]["creator"] is None and nobodys["rewarded"] == []

    market.events(market.event("refund", "f-back", order="f-o", product="p1", quantity=1))
    market.jobs()
    both = [("percent", "sale", "c1", "10.00"), ("percent", "sale", "c1", "-5.00")]
    assert rewarded(market, "f-back") == rewarded(market, "f-buy") == both


def test_a_second_body_under_the_id_stands_beside_the_first(market: Market) -> None:
    view = market.event("view", "f-twice", viewer="f3", content="k1", watch_ms=9000)
    market.events(view)
    answer = market.call.ok("platform", "POST", "/v1/events", {"events": [view | {"watch_ms": 1}]})
    assert answer["conflicts"] == 1
    found = fate(market, "f-twice")
    assert (found["state"], [each["state"] for each in found["others"]]) == ("accepted", ["conflict"])


def test_an_id_that_never_came_is_not_found(market: Market) -> None:
    assert market.call("platform", "GET", "/v1/events/f-never").status_code == 404
