"""Batches in: dedupe, conflicts, poison, threads (N1, N2, N6)."""

import dataclasses
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from attribution_market import (
    NOW,
    SETTINGS,
    VAULT,
    at,
    click,
    counts,
    one,
    purchase,
    refund,
    rows,
    run_jobs,
    send,
    stock,
    tag,
    view,
)
from sqlalchemy import Engine, text

from attribution.receive import receive
from core.errors import Invalid, Unavailable


@pytest.fixture
def market(engine: Engine) -> Engine:
    stock(engine, contents=5)
    for i in range(1, 6):
        tag(engine, f"c{i}", "p1")
    return engine


def test_the_same_event_twice_is_booked_once_and_another_content_is_a_conflict(market):
    """N1."""
    events = [
        view("e1"),
        click("e2"),
        purchase("e3", "o1"),
        refund("e4", "o1", amount="10.00", currency="RUB"),
    ]
    assert counts(send(market, events)) == (4, 0, 0, 0, 0)
    assert counts(send(market, events)) == (0, 4, 0, 0, 0)
    other = [
        view("e1", watch_ms=1),
        click("e2", product="p2"),
        purchase("e3", "o1", amount="200.00"),
        refund("e4", "o1", amount="11.00", currency="RUB"),
    ]
    assert counts(send(market, other)) == (0, 0, 4, 0, 0)
    assert [row[0] for row in rows(market, "SELECT event_id FROM event_conflict ORDER BY id")] == [
        "e1",
        "e2",
        "e3",
        "e4",
    ]
    assert one(market, "SELECT watch_ms FROM touch WHERE event_id = 'e1'") == 5000
    assert one(market, "SELECT amount FROM purchase") == 100_000_000
    assert one(market, "SELECT refunded FROM purchase") == 10_000_000


def test_a_touch_is_one_by_id_and_time_a_purchase_by_id_alone_and_by_its_line(market):
    assert counts(send(market, [view("e1"), view("e1", when=at(hours=4))])) == (2, 0, 0, 0, 0)
    assert counts(send(market, [purchase("b1", "o1")])) == (1, 0, 0, 0, 0)
    assert counts(send(market, [purchase("b1", "o1", when=at(hours=5))])) == (0, 0, 1, 0, 0)
    assert counts(send(market, [purchase("b2", "o1")])) == (0, 1, 0, 0, 0)
    assert counts(send(market, [purchase("b3", "o1", quantity=2)])) == (0, 0, 1, 0, 0)
    assert counts(send(market, [purchase("b1", "o2")])) == (0, 0, 1, 0, 0)


def test_inside_a_batch_the_first_row_wins(market):
    result = send(
        market,
        [
            view("e1", watch_ms=1),
            view("e1", watch_ms=2),
            view("e1", watch_ms=1),
            purchase("b1", "o1"),
            purchase("b1", "o2"),
            purchase("b2", "o1"),
            purchase("b3", "o2"),
            refund("x1", "o1", amount="1.00", currency="RUB"),
            refund("x1", "o1", amount="2.00", currency="RUB"),
            refund("x1", "o1", amount="1.00", currency="RUB"),
        ],
    )
    assert counts(result) == (4, 3, 3, 0, 0)
    assert rows(market, "SELECT event_id, order_ref FROM purchase ORDER BY id") == [
        ("b1", "o1"),
        ("b3", "o2"),
    ]
    assert one(market, "SELECT watch_ms FROM touch") == 1
    assert [row[0] for row in rows(market, "SELECT row_index FROM event_conflict ORDER BY id")] == [1, 4, 8]


@pytest.mark.parametrize(
    "poison",
    [
        {"id": "bad", "type": "view", "occurred_at": 5},
        view("bad", watch_ms=float("nan")),
        view("x" * 5_000_000),
        view("bad", content=["c1"]),
    ],
    ids=["type", "nan", "huge", "list"],
)
@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_a_poison_row_stops_nobody(market, poison, form):
    """N6."""
    events = [view(f"e{i}", when=at(minutes=i)) for i in range(1000)]
    events[500] = poison
    if form == "json":
        body, kind = json.dumps({"events": events}).encode(), "application/json; charset=utf-8"
    else:
        body, kind = "\n".join(map(json.dumps, events)).encode(), "application/x-ndjson"

    def post():
        return receive(market, body, kind, source="test", now=NOW, settings=SETTINGS, vault=VAULT)

    first = post()
    assert counts(first) == (999, 0, 0, 0, 1)
    assert [error.index for error in first.errors] == [500]
    assert counts(post()) == (0, 999, 0, 0, 1)
    assert one(market, "SELECT count(*) FROM touch") == 999


def test_an_unknown_content_is_parked_and_the_others_are_booked(market):
    events = [view(f"e{i}") for i in range(1000)]
    events[500] = view("bad", content="nobody")
    assert counts(send(market, events)) == (999, 0, 0, 1, 0)
    assert counts(send(market, events)) == (0, 1000, 0, 0, 0)


def test_many_threads_in_any_order_with_repeats_add_up_to_one_thread(market):
    """N2."""
    dice = random.Random(7)
    events = []
    for i in range(10_000):
        who, what = f"u{dice.randrange(300)}", f"c{dice.randrange(1, 6)}"
        kind = dice.random()
        if kind < 0.7:
            events.append(
                view(f"e{i}", who, what, when=at(minutes=dice.randrange(9000)), watch_ms=dice.randrange(9000))
            )
        elif kind < 0.95:
            events.append(click(f"e{i}", who, what, when=at(minutes=dice.randrange(9000))))
        else:
            events.append(purchase(f"e{i}", f"o{i}", viewer=who, when=at(minutes=dice.randrange(9000))))
    later = NOW + timedelta(hours=2)
    expected = (
        sum(e["type"] == "view" for e in events),
        sum(e.get("watch_ms", 0) for e in events),
        sum(e["type"] == "click" for e in events),
        sum(e["type"] == "purchase" for e in events),
    )
    posted = events + dice.sample(events, 1000)
    dice.shuffle(posted)
    batches = [posted[i : i + 250] for i in range(0, len(posted), 250)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda batch: send(market, batch), batches))
    assert sum(result.accepted for result in results) == 10_000
    assert sum(result.duplicates for result in results) == 1000
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_jobs, [market] * 2, [later] * 2))
    run_jobs(market, later)
    assert rows(market, "SELECT sum(views), sum(watch_ms) FROM tally_content_day") == [expected[:2]]
    assert one(market, "SELECT sum(clicks) FROM tally_product_day") == expected[2]
    assert one(market, "SELECT count(*) FROM attribution") == expected[3]


def test_a_body_of_another_kind_and_a_backlog_are_refused(market):
    options = {"source": "test", "now": NOW, "settings": SETTINGS, "vault": VAULT}
    with pytest.raises(Invalid, match="Events come as"):
        receive(market, b"", "text/csv", **options)
    tight = {**options, "settings": dataclasses.replace(SETTINGS, batch_backlog=1)}
    body = json.dumps(view("e1")).encode()
    receive(market, body, "application/x-ndjson", **tight)
    with pytest.raises(Unavailable) as refused:
        receive(market, body, "application/x-ndjson", **tight)
    assert refused.value.code == "too_many_batches"
    run_jobs(market)
    assert counts(receive(market, body, "application/x-ndjson", **tight)) == (0, 1, 0, 0, 0)


def test_a_batch_of_nothing(market):
    assert counts(send(market, [])) == (0, 0, 0, 0, 0)


def test_one_moment_in_two_forms_is_one_event(market):
    moment = "2026-11-02T06:00:00"
    events = [
        view("e1", when=f"{moment}Z"),
        view("e1", when=f"{moment}.0Z"),
        view("e2"),
        view("e1", when=at(hours=5)),
    ]
    assert counts(send(market, events)) == (3, 1, 0, 0, 0)
    assert one(market, "SELECT count(*) FROM touch") == 3


def test_the_first_of_one_key_that_the_catalog_knows_is_booked(market):
    events = [
        view("e1", content="nobody"),
        view("e1"),
        view("e1"),
        click("e2", product="nothing"),
        view("e3"),
    ]
    assert counts(send(market, events)) == (2, 1, 1, 1, 0)
    assert rows(market, "SELECT event_id, content FROM touch ORDER BY 1") == [("e1", "c1"), ("e3", "c1")]


def test_a_batch_that_meets_its_events_in_another_under_way_waits_and_judges_them_again(market, owner):
    events = [view(f"e{i}") for i in range(20)]
    send(market, [view("first")])  # the partition is there
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with ThreadPoolExecutor(1) as pool, market.connect() as other, owner.connect() as watcher:
        batch = other.scalar(text("INSERT INTO event_batch (source) VALUES ('other') RETURNING id"))
        for id, watched in (("e7", 5000), ("e9", 1)):
            values = {
                "id": id,
                "at": events[0]["occurred_at"],
                "viewer": VAULT.pseudonym("u1"),
                "watched": watched,
            }
            other.execute(text(BESIDE), values | {"batch": batch})
        sent = pool.submit(send, market, events)
        while not watcher.scalar(waiting):
            assert not sent.done()
            watcher.rollback()
        other.commit()
        assert counts(sent.result(10)) == (18, 1, 1, 0, 0)
    assert rows(market, "SELECT count(*), count(*) FILTER (WHERE watch_ms = 1) FROM touch") == [(21, 1)]


BESIDE = """INSERT INTO touch (event_id, occurred_at, kind, viewer, content, watch_ms, completed, batch_id)
    VALUES (:id, CAST(:at AS timestamptz), 1, :viewer, 'c1', :watched, true, :batch)"""


def test_batches_that_repeat_each_other_crosswise_wait_in_one_direction(market):
    """In each of them other events stand twice, so that each would write others late."""
    dice = random.Random(3)
    events = [view(f"e{i}", when=at(minutes=dice.randrange(9000))) for i in range(1500)]
    bodies = [dice.sample(events, len(events)) + dice.sample(events, 300) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda body: send(market, body), bodies))
    assert sum(result.accepted for result in results) == 1500
    assert sum(result.duplicates for result in results) == 6 * 1800 - 1500
    assert one(market, "SELECT count(*) FROM touch") == 1500
