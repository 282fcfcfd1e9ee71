"""The sample marketplace: the same every time, readable by the strict decoders, and shaped like a real one."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from attribution.decode import decode_lines
from catalog.decode import decode_line
from core.settings import load_settings
from kopeck.market import MOSCOW, Scale, catalog_lines, event_lines

NOW = datetime(2026, 11, 2, 9, 0, 17, 250_000, tzinfo=UTC)
SMALL = Scale(creators=12, sellers=4, products=60, contents=40, days=7, events=3_000)
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def lines() -> tuple[list[bytes], list[bytes]]:
    return list(catalog_lines(NOW)), list(event_lines(NOW))


@pytest.fixture(scope="module")
def catalog(lines: tuple[list[bytes], list[bytes]]) -> Rows:
    return [json.loads(line) for line in lines[0]]


@pytest.fixture(scope="module")
def events(lines: tuple[list[bytes], list[bytes]]) -> Rows:
    return [
        json.loads(line) | {"at": datetime.fromisoformat(json.loads(line)["occurred_at"])}
        for line in lines[1]
    ]


def of(rows: Rows, kind: str) -> Rows:
    return [row for row in rows if row["type"] == kind]


def by_id(rows: Rows, kind: str) -> dict[str, dict[str, Any]]:
    found = {row["id"]: row for row in of(rows, kind)}
    assert len(found) == len(of(rows, kind))
    return found


def test_the_same_arguments_give_the_same_bytes_and_another_seed_gives_others() -> None:
    for made in (catalog_lines, event_lines):
        assert list(made(NOW, 7, SMALL)) == list(made(NOW, 7, SMALL))
        assert list(made(NOW, 7, SMALL)) != list(made(NOW, 8, SMALL))


def test_every_line_passes_the_strict_decoders(lines: tuple[list[bytes], list[bytes]], vault: Any) -> None:
    for line in lines[0]:
        assert line.endswith(b"\n")
        decode_line(line)
    decoded = decode_lines(lines[1], now=NOW, settings=load_settings({}), vault=vault, backfill=True)
    assert decoded.errors == []
    assert len(decoded.rows) == len(lines[1])


def test_counts_are_those_of_the_scale(catalog: Rows, events: Rows) -> None:
    counts = Counter(row["type"] for row in catalog)
    assert (counts["creator"], counts["seller"]) == (200, 60)
    assert (counts["product"], counts["content"]) == (3_000, 2_000)
    assert 2_000 < counts["follow"] < 10_000
    assert 2_000 < counts["like"] < 10_000
    assert len(events) == pytest.approx(150_000, rel=0.01)
    assert len({event["id"] for event in events}) == len(events)


@pytest.mark.parametrize("seed", range(5))
def test_a_small_scale_keeps_its_counts_too(seed: int) -> None:
    counts = Counter(json.loads(line)["type"] for line in catalog_lines(NOW, seed, SMALL))
    assert (counts["creator"], counts["seller"], counts["product"], counts["content"]) == (12, 4, 60, 40)
    assert len(list(event_lines(NOW, seed, SMALL))) == pytest.approx(3_000, rel=0.02)


def test_references_exist_and_stand_before_their_use(catalog: Rows, events: Rows) -> None:
    known: dict[str, set[str]] = {"seller": set(), "product": set(), "creator": set(), "content": set()}
    for row in catalog:
        for field in known.keys() & row.keys():
            assert row[field] in known[field]
        assert known["product"].issuperset(row.get("products", ()))
        if "id" in row:
            known[row["type"]].add(row["id"])
    contents = by_id(catalog, "content")
    for event in events:
        assert event.get("product") is None or event["product"] in known["product"]
        if event["type"] == "click":
            assert event["product"] in contents[event["content"]]["products"]
    assert all(1 <= len(row["products"]) <= 6 for row in contents.values())


def test_events_lie_in_the_window_in_order_and_after_publication(catalog: Rows, events: Rows) -> None:
    published = {
        id: datetime.fromisoformat(row["published_at"]) for id, row in by_id(catalog, "content").items()
    }
    moments = [event["at"] for event in events]
    assert moments == sorted(moments)
    assert NOW - timedelta(days=30, seconds=1) <= moments[0]
    assert moments[-1] <= NOW
    assert all(event["at"] >= published[event["content"]] for event in events if "content" in event)
    assert NOW - timedelta(days=61) < min(published.values())
    assert max(published.values()) <= NOW


def test_few_stars_and_a_long_tail(catalog: Rows, events: Rows) -> None:
    creator = {id: row["creator"] for id, row in by_id(catalog, "content").items()}
    views = Counter(creator[event["content"]] for event in of(events, "view"))
    shares = [count / views.total() for _, count in views.most_common()]
    assert 0.05 < shares[0] < 0.3
    assert 0.35 < sum(shares[:20]) < 0.85
    assert len(views) > 190


def test_evenings_and_weekends_are_busy_and_nights_are_quiet(events: Rows) -> None:
    local = [event["at"].astimezone(MOSCOW) for event in of(events, "view")]
    hours = Counter(at.hour for at in local)
    assert max(hours, key=hours.__getitem__) in range(19, 23)
    assert max(hours[hour] for hour in range(2, 5)) * 5 < hours[21]
    whole_days = Counter(
        at.date() for at in local if (NOW - timedelta(days=29)).date() <= at.date() < NOW.date()
    )
    weekend = [count for day, count in whole_days.items() if day.weekday() >= 5]
    weekdays = [count for day, count in whole_days.items() if day.weekday() < 5]
    assert sum(weekend) / len(weekend) > 1.15 * sum(weekdays) / len(weekdays)


def test_views_tell_what_was_watched(catalog: Rows, events: Rows) -> None:
    kinds = {id: row["kind"] for id, row in by_id(catalog, "content").items()}
    views = of(events, "view")
    assert set(kinds.values()) == {"video", "image", "text"}
    assert all(event["watch_ms"] > 0 for event in views)
    assert all(("completed" in event) == (kinds[event["content"]] == "video") for event in views)
    completed = [event["completed"] for event in views if "completed" in event]
    assert 0.1 < sum(completed) / len(completed) < 0.4


def test_clicks_follow_a_view_and_a_few_of_them_become_purchases(events: Rows) -> None:
    seen: set[tuple[str, str]] = set()
    opened: set[tuple[str, str]] = set()
    watchers: set[str] = set()
    after_click = untouched = 0
    for event in events:
        if event["type"] == "view":
            seen.add((event["viewer"], event["content"]))
            watchers.add(event["viewer"])
        elif event["type"] == "click":
            assert (event["viewer"], event["content"]) in seen
            opened.add((event["viewer"], event["product"]))
        elif event["type"] == "purchase":
            after_click += (event["viewer"], event["product"]) in opened
            untouched += event["viewer"] not in watchers
    clicks, purchases = len(of(events, "click")), len(of(events, "purchase"))
    assert 0.10 < clicks / len(of(events, "view")) < 0.25
    assert 0.01 < after_click / clicks < 0.03
    assert after_click + untouched == purchases
    assert 0.05 < untouched / purchases < 0.25


def test_a_purchase_costs_its_quantity_times_the_price_or_somewhat_less(catalog: Rows, events: Rows) -> None:
    prices = {id: Decimal(row["price"]["amount"]) for id, row in by_id(catalog, "product").items()}
    assert all(Decimal(50) < price < Decimal(100_000) for price in prices.values())
    purchases = of(events, "purchase")
    paid = [Decimal(p["amount"]) / (prices[p["product"]] * p["quantity"]) for p in purchases]
    assert all(Decimal("0.79") < share <= 1 for share in paid)
    assert 0.7 < sum(share == 1 for share in paid) / len(paid) < 0.95
    assert sum(p["quantity"] == 1 for p in purchases) / len(purchases) > 0.8
    assert len({(p["order"], p["product"]) for p in purchases}) == len(purchases)


def test_refunds_come_days_later_and_never_exceed_the_purchase(events: Rows) -> None:
    purchases = {(p["order"], p["product"]): p for p in of(events, "purchase")}
    refunds = of(events, "refund")
    for refund in refunds:
        bought = purchases.pop((refund["order"], refund["product"]))  # so also: at most one for each
        assert refund["at"] - bought["at"] >= timedelta(days=2)
        assert refund.get("quantity", 0) <= bought["quantity"]
        assert Decimal(refund.get("amount", "0")) <= Decimal(bought["amount"])
    assert 0.04 < len(refunds) / (len(purchases) + len(refunds)) < 0.06
