"""Events over HTTP: dedupe, parking, times, poison."""

import json
from datetime import timedelta
from typing import Any

import pytest
from api_market import Market

NDJSON = {"content_type": "application/x-ndjson"}


def sent(market: Market, *rows: Any, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = market.call.ok("platform", "POST", "/v1/events", {"events": list(rows)}, **more)
    return answer


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in ("accepted", "duplicates", "conflicts", "parked", "rejected"))


def test_n1_the_same_event_twice_is_one_booking_and_another_body_a_conflict(market: Market) -> None:
    buy = market.event("purchase", "n1", viewer="v1", order="n1", product="p1", quantity=2, amount="10.00", currency="RUB")  # fmt: skip
    view = market.event("view", "n1v", viewer="v1", content="k1", watch_ms=4000)
    assert counts(sent(market, buy, view)) == (2, 0, 0, 0, 0)
    assert counts(sent(market, buy, view)) == (0, 2, 0, 0, 0)
    assert counts(sent(market, buy, buy, view)) == (0, 3, 0, 0, 0)
    other = sent(market, buy | {"amount": "99.00"}, view | {"watch_ms": 9000}, buy | {"id": "n1-again"})
    assert counts(other) == (0, 1, 2, 0, 0)
    listed = {each["id"] for each in market.call.ok("finance", "GET", "/v1/events?state=conflict")["data"]}
    assert {"n1", "n1v"} <= listed
    sale = market.call.ok("finance", "GET", "/v1/sales/n1/p1/attribution")
    assert (sale["amount"]["amount"], sale["event"]) == ("10.00", "n1")


def test_n3_a_refund_before_its_purchase_waits_for_it(market: Market) -> None:
    refund = market.event("refund", "n3r", 5, order="n3", product="p1", amount="4.00", currency="RUB")
    assert counts(sent(market, refund)) == (0, 0, 0, 1, 0)
    market.jobs()
    parked = {each["id"] for each in market.call.ok("finance", "GET", "/v1/events?state=parked")["data"]}
    assert "n3r" in parked
    market.clock.pass_time(days=5)  # parked touches are dropped by now, parked sales never
    market.jobs()
    buy = market.event("purchase", "n3", -60 * 24 * 5, viewer="v1", order="n3", product="p1", quantity=1, amount="10.00", currency="RUB")  # fmt: skip
    assert counts(sent(market, buy)) == (1, 0, 0, 0, 0)
    market.jobs()
    sale = market.call.ok("finance", "GET", "/v1/sales/n3/p1/attribution")
    assert sale["refunded"]["amount"] == "4.00"
    assert market.call.ok("finance", "GET", "/v1/events/n3r")["state"] != "parked"


TIMES = {
    "2026-11-03T09:02:00Z": True,
    "2026-11-03T09:04:59Z": True,
    "2026-11-05T09:00:00Z": False,
    "9999-12-31T23:59:59Z": False,
    "9999-12-31T23:59:59-14:00": False,
    "9999-12-31T23:59:59.999999-23:59": False,
    "0001-01-01T00:00:00Z": False,
    "0001-01-01T00:00:00+14:00": False,
    "0000-01-01T00:00:00Z": False,
    "2026-11-03T24:00:00Z": False,
    "2026-11-03T08:59:60Z": False,
    "2016-12-31T23:59:60Z": False,
    "2026-11-03T08:00:00": False,
    "2026-11-03": False,
    "2026-11-03T08:00Z": None,
    "2026-11-03T08:00:00+14:00": True,
    "2026-11-03T23:00:00+14:00": True,
    "2026-11-02T18:00:00-14:00": True,
    "2026-11-03T08:00:00+24:00": False,
    "2026-11-03T08:00:00+25:00": False,
    "2026-11-03T08:00:00.123456789Z": None,
    "2026-11-03T08:00:00-00:00": True,
    "2026-02-30T08:00:00Z": False,
    "1969-12-31T23:59:59Z": False,
    "2026-10-20T08:00:00Z": False,
    "٢٠٢٦-11-03T08:00:00Z": False,
    "1": False,
    "": False,
}


@pytest.mark.parametrize("at", TIMES)
def test_n5_a_time_is_taken_or_refused_and_never_a_fault(market: Market, at: str) -> None:
    row = {"id": "n5", "type": "view", "occurred_at": at, "viewer": "v1", "content": "k1"}
    answer = sent(market, row)
    if TIMES[at] is not None:
        assert counts(answer) == ((1, 0, 0, 0, 0) if TIMES[at] else (0, 0, 0, 0, 1)), answer
    late = market.call("platform2", "POST", "/v1/events?backfill=true", {"events": [row | {"id": "n5b"}]})
    assert late.status_code == 200


@pytest.mark.parametrize("at", [0, 1.5, None, True, [], {}, 10**30])
def test_n5_a_time_is_text(market: Market, at: Any) -> None:
    answer = sent(market, {"id": "n5", "type": "view", "occurred_at": at, "viewer": "v1", "content": "k1"})
    assert counts(answer) == (0, 0, 0, 0, 1)


def test_n5_the_late_limit_is_lifted_only_for_a_key_that_may(market: Market) -> None:
    old = market.event("view", "old", -60 * 24 * 30, viewer="v1", content="k1")
    assert sent(market, old)["errors"][0]["code"] == "too_late"
    refused = market.call("platform", "POST", "/v1/events?backfill=true", {"events": [old]})
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    assert counts(market.call.ok("platform2", "POST", "/v1/events?backfill=true", {"events": [old]}))[0] == 1
    for query in ("backfill=yes", "backfill=True", "backfill=", "backfill=true&backfill=true", "other=1"):
        assert market.call("platform2", "POST", f"/v1/events?{query}", {"events": []}).status_code == 422


def poison(market: Market) -> dict[str, bytes]:
    good = market.event("view", "bad", viewer="v1", content="k1")
    wrong: dict[str, Any] = {
        "number": 5,
        "list": [],
        "null": None,
        "text": "x",
        "watch": good | {"watch_ms": "4000"},
        "negative": good | {"watch_ms": -1},
        "float": good | {"watch_ms": 1.0},
        "bool": good | {"completed": 1},
        "big": good | {"watch_ms": 10**400},
        "unknown field": good | {"x": 1},
        "unknown type": good | {"type": "like"},
        "no type": {k: v for k, v in good.items() if k != "type"},
        "no id": {k: v for k, v in good.items() if k != "id"},
        "5 MB": good | {"content": "x" * 5_000_000},
        "5 MB key": good | {"x" * 5_000_000: 1},
        "newline": good | {"content": "k1\n"},
        "money": market.event(
            "purchase", "bad", order="o", product="p1", quantity=1, amount=1.5, currency="RUB"
        ),
        "currency": market.event(
            "purchase", "bad", order="o", product="p1", quantity=1, amount="1.00", currency="XYZ"
        ),
    }
    raw = {name: json.dumps(row).encode() for name, row in wrong.items()}
    plain = json.dumps(good)
    return raw | {
        "nan": plain.replace('"k1"', "NaN").encode(),
        "infinity": plain.replace('"k1"', "-Infinity").encode(),
        "deep": b"[" * 3_000 + b"]" * 3_000,
        "surrogate": plain.replace("k1", "\\ud800").encode(),
    }


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_n6_one_poisoned_row_stops_no_other(market: Market, form: str) -> None:
    """999 booked, one reported with its index and reason; the same batch again books nothing."""
    good = [
        json.dumps(market.event("view", f"g{n}", viewer=f"v{n % 50}", content="k1")).encode()
        for n in range(999)
    ]
    for name, bad in poison(market).items():
        if (form, name) == ("json", "deep"):
            continue  # one JSON text too deep to be read is refused whole
        rows = [*good[:500], bad, *good[500:]]
        if form == "json":
            given: dict[str, Any] = {
                "body": b'{"events": [' + b",".join(rows) + b"]}",
                "content_type": "application/json",
            }
        else:
            given = {"body": b"\n".join(rows)} | NDJSON
        answer = market.call.ok("platform", "POST", "/v1/events", **given)
        accepted = answer["accepted"] + answer["duplicates"]
        assert (accepted, answer["rejected"], answer["conflicts"], answer["parked"]) == (999, 1, 0, 0), name
        [error] = answer["errors"]
        assert error["index"] == 500 and error["code"] and len(error["detail"]) <= 300, name
    stored = market.call.ok("finance", "GET", f"/v1/batches/{answer['batch']}")
    assert stored["duplicates"] == 999


def test_n6_ndjson_alone_may_hold_broken_lines(market: Market) -> None:
    good = json.dumps(market.event("view", "ok1", viewer="v1", content="k1")).encode()
    lines = [b"{", b"", b"nope", good, b"\xff\xfe", b"\0", b'{"id": "a"}{"id": "b"}', b"   ", good + b","]
    answer = market.call.ok("platform", "POST", "/v1/events", body=b"\r\n".join(lines), **NDJSON)
    assert (answer["accepted"], answer["rejected"]) == (1, 6)
    assert [each["index"] for each in answer["errors"]] == [0, 2, 4, 5, 6, 8]


def test_an_unknown_content_is_parked_and_counts_when_it_comes(market: Market) -> None:
    assert counts(sent(market, market.event("view", "later", viewer="v1", content="k7"))) == (0, 0, 0, 1, 0)
    content = {"creator": "c1", "kind": "video", "published_at": "2026-11-01T00:00:00Z", "products": []}
    market.call.ok("platform", "PUT", "/v1/contents/k7", content)
    market.jobs()
    assert market.call.ok("finance", "GET", "/v1/events/later")["state"] == "accepted"


def test_too_many_events_are_refused_whole(market: Market) -> None:
    body = b'{"events": [' + b",".join([b"1"] * 50_001) + b"]}"
    answer = market.call("platform", "POST", "/v1/events", body=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (422, "too_many_events")
    for wrong in ({}, {"events": {}}, {"events": [], "x": 1}, {"event": []}, [], {"events": None}):
        assert market.call("platform", "POST", "/v1/events", wrong).json["code"] == "broken_json"


def test_n4_late_events_do_not_move_what_was_already_said(market: Market) -> None:
    """A sale of yesterday that arrives today is earned on its own day."""
    market.clock.pass_time(days=2)
    at = (market.clock.now - timedelta(days=3)).isoformat()
    market.events(
        {"id": "lc", "type": "click", "occurred_at": at, "viewer": "v6", "content": "k1", "product": "p1"},
        market.event("purchase", "lb", -60 * 24 * 2.9, viewer="v6", order="lo", product="p1", quantity=1, amount="10.00", currency="RUB"),
    )  # fmt: skip
    market.jobs()
    rewards = market.call.ok("finance", "GET", "/v1/creators/c1/rewards")["data"]
    assert (rewards[0]["amount"]["amount"], rewards[0]["day"]) == ("1.00", "2026-11-02")
