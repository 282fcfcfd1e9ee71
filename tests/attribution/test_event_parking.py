"""Events that wait for the catalog."""

from datetime import timedelta

from attribution_market import (
    NOW,
    add_contents,
    counts,
    one,
    purchase,
    refund,
    rows,
    run_jobs,
    run_unpark,
    send,
    stock,
    tag,
    view,
)
from sqlalchemy import text

from attribution.events import find_event, list_events
from core.database import transaction


def add_product(engine, name):
    with transaction(engine) as session:
        session.execute(
            text(
                "INSERT INTO product (id, seller, title, category, price, currency) VALUES (:id, 's1', 'T', 'c', 1, 'RUB')"
            ),
            {"id": name},
        )


def test_a_touch_waits_and_is_taken_up_when_its_content_comes(engine):
    stock(engine)
    parked = [view("e1", content="c3"), view("e2", content="c9")]
    assert counts(send(engine, parked)) == (0, 0, 0, 2, 0)
    assert counts(send(engine, [view("e1", content="c3"), view("e1", content="c1")])) == (0, 1, 1, 0, 0)
    with transaction(engine) as session:
        assert [event.id for event in list_events(session, "parked")[0]] == ["e1", "e2"]
    add_contents(engine, 3)
    assert counts(send(engine, [view("e1", content="c3")])) == (0, 1, 0, 0, 0), "still parked: a duplicate"
    assert [done.accepted for done in run_unpark(engine)] == [1, 0]
    assert rows(engine, "SELECT event_id, content FROM touch") == [("e1", "c3")]
    run_jobs(engine)
    assert one(engine, "SELECT views FROM tally_content_day") == 1


def test_a_touch_is_dropped_after_72_hours_a_sale_never(engine):
    stock(engine)
    sales = [purchase("b", "o", product="p9"), refund("x", "o", product="p9", quantity=1)]
    send(engine, [view("e", content="c9"), *sales])
    assert [done.dropped for done in run_unpark(engine, NOW + timedelta(hours=72))] == [0]
    assert [done.dropped for done in run_unpark(engine, NOW + timedelta(hours=72, seconds=1))] == [1]
    assert rows(engine, "SELECT event_id, state, outcome FROM parked_event ORDER BY id") == [
        ("e", "dropped", "unknown_content"),
        ("b", "parked", None),
        ("x", "parked", None),
    ]
    assert counts(send(engine, [view("e", content="c9")])) == (0, 1, 0, 0, 0)
    with transaction(engine) as session:
        assert [event.state for event in find_event(session, "e")] == ["dropped"]
    add_product(engine, "p9")
    assert [done.accepted for done in run_unpark(engine, NOW + timedelta(days=90))] == [1, 1, 0]
    assert one(engine, "SELECT returned FROM purchase") == 1


def test_parked_purchases_are_one_by_id_and_by_line(engine):
    stock(engine)
    result = send(
        engine,
        [
            purchase("b1", "o1", product="p9"),
            purchase("b1", "o2", product="p9"),
            purchase("b2", "o1", product="p9"),
            purchase("b3", "o2", product="p9"),
            purchase("b4", "o1", product="p9", quantity=2),
        ],
    )
    assert counts(result) == (0, 1, 2, 2, 0)
    assert counts(send(engine, [purchase("b2", "o1", product="p9"), purchase("b3", "o3", product="p9")])) == (
        0,
        1,
        1,
        0,
        0,
    )
    add_product(engine, "p9")
    assert counts(send(engine, [purchase("b5", "o1", product="p9")])) == (0, 1, 0, 0, 0), (
        "the parked one was first"
    )
    assert [done.accepted for done in run_unpark(engine)] == [2, 0]
    assert rows(engine, "SELECT event_id FROM purchase ORDER BY id") == [("b1",), ("b3",)]


def test_two_touches_under_one_key_wait_and_the_first_wins(engine):
    stock(engine)
    tag(engine, "c1", "p1")
    assert counts(send(engine, [view("e", content="c3"), view("e", content="c4")])) == (0, 0, 1, 1, 0)
    add_contents(engine, 3, 4)
    run_unpark(engine)
    assert rows(engine, "SELECT content FROM touch") == [("c3",)]
