"""Tallies and attribution as jobs: windows, order, self-purchases, two at once, imports, readers."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from attribution_market import (
    NOW,
    SETTINGS,
    VAULT,
    at,
    click,
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
from sqlalchemy import text

from attribution.attribute import attribute
from attribution.batches import get_batch, list_batches
from attribution.events import find_event, list_events
from attribution.importing import begin_import, end_import, import_events
from attribution.recount import verify_tallies
from attribution.report import attribution_report
from attribution.sale import sale_attribution
from attribution.take_back import take_back
from attribution.tally import qualify, tally
from core.database import transaction
from core.errors import Invalid, NotFound

M = 1_000_000


@pytest.fixture
def market(engine):
    stock(engine)
    for content in ("c1", "c2"):
        tag(engine, content, "p1")
    return engine


def outcome(engine):
    return rows(engine, "SELECT outcome, touch_id FROM attribution ORDER BY purchase_id")


@pytest.mark.parametrize(
    ("touches", "expected"),
    [
        ([view("v")], ("view", "v")),
        ([view("v"), click("k", content="c2", when=at(days=5))], ("click", "k")),
        ([click("a", when=at(hours=4)), click("b", content="c2", when=at(hours=4))], ("click", "b")),
        ([click("B", when=at(hours=4)), click("a", content="c2", when=at(hours=4))], ("click", "a")),
        ([view("v", when=at(hours=26))], ("view", "v")),
        ([view("v", when=at(hours=26, microseconds=1))], ("none", None)),
        ([view("v", when=at(hours=2))], ("view", "v")),
        ([view("v", when=at(hours=1))], ("none", None)),
        ([view("v", viewer="u2")], ("none", None)),
        ([click("k", product="p2")], ("none", None)),
    ],
)
def test_who_earns(market, touches, expected):
    send(market, [*touches, purchase("b", "o")])
    run_jobs(market)
    assert outcome(market) == [expected]


def test_the_click_window_is_720_hours_closed(market):
    send(market, [click("k", when=at(hours=722)), purchase("b", "o")], backfill=True)
    send(
        market,
        [click("k2", viewer="u2", when=at(hours=722, microseconds=1)), purchase("b2", "o2", viewer="u2")],
        backfill=True,
    )
    run_jobs(market)
    assert outcome(market) == [("click", "k"), ("none", None)]


def test_a_creator_does_not_earn_from_itself_but_others_do(market):
    events = [
        click("own", viewer="self1", content="c1", when=at(hours=3)),
        view("other", viewer="self1", content="c2"),
    ]
    send(market, [*events, purchase("b", "o", viewer="self1")])
    run_jobs(market)
    assert outcome(market) == [("view", "other")]


def test_a_purchase_waits_for_the_delay_and_for_imports(market):
    send(market, [view("v"), purchase("b", "o", when=at(minutes=59, seconds=59))])
    with transaction(market) as session:
        assert attribute(session, NOW, SETTINGS) == 0
        run = begin_import(session, "file", NOW)
        assert attribute(session, NOW + timedelta(seconds=1), SETTINGS) == 0
        assert attribute(session, NOW + timedelta(seconds=119), SETTINGS) == 0
        end_import(session, run, NOW + timedelta(seconds=119))
        assert attribute(session, NOW + timedelta(seconds=119), SETTINGS) == 1
        assert attribute(session, NOW + timedelta(seconds=119), SETTINGS) == 0
    with transaction(market) as session:
        begin_import(session, "dead", NOW - timedelta(seconds=121))
    send(market, [purchase("b2", "o2")])
    with transaction(market) as session:
        assert attribute(session, NOW, SETTINGS) == 1


def test_what_a_transaction_gave_back_is_attributed_later(market):
    send(market, [view("v"), purchase("b", "o"), refund("x", "o", quantity=1)])
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), transaction(market) as session:
            assert attribute(session, NOW, SETTINGS, limit=1) == 1
            assert attribute(session, NOW, SETTINGS, limit=1) == 0
            assert take_back(session) == 1
            assert take_back(session) == 0
            1 / 0  # noqa: B018
    run_jobs(market)
    assert rows(market, "SELECT amount FROM share ORDER BY refund_id NULLS FIRST, content") == [
        (100 * M,),
        (-100 * M,),
    ]


def test_a_share_freezes_the_sale_and_queues_what_changed(market):
    send(market, [click("k"), purchase("b", "o", quantity=2, when=at(hours=2))])
    run_jobs(market)
    assert rows(
        market,
        "SELECT content, creator, product, seller, category, kind, region, price, amount, units, orders, currency, day FROM share",
    ) == [("c1", "r1", "p1", "s1", "cat1", "video", "ru", 10**8, 100 * M, 2 * M, M, "RUB", date(2026, 11, 2))]
    assert one(market, "SELECT count(*) FROM changed_purchase") == 1
    assert (date(2026, 11, 2), "r1", "c1") in rows(market, "SELECT day, creator, content FROM changed_day")


def test_a_refund_is_split_over_several_shares_by_largest_remainder(market):
    send(market, [click("k"), purchase("b", "o", quantity=3, amount="100.00")])
    run_jobs(market)
    with transaction(market) as session:  # as another model would leave it: 100.00 as 60 (c1) and 40 (c2)
        session.execute(
            text(
                "INSERT INTO share (purchase_id, policy, refund_id, content, creator, product, seller, category, kind, region,"
                " price, amount, units, orders, currency, occurred_at, day)"
                " SELECT purchase_id, policy, f.refund, f.content, f.creator, product, seller, category, kind, region, price,"
                " f.amount, f.units, 0, currency, occurred_at, day FROM share,"
                " (VALUES (CAST(NULL AS bigint), 'c2', 'r2', 40000000, 1000000), (0, 'c1', 'r1', -40000000, -1000000))"
                " AS f (refund, content, creator, amount, units)"
            )
        )
    send(market, [refund("x1", "o", amount="0.01", currency="RUB"), refund("x2", "o", quantity=1)])
    send(market, [refund("x3", "o", quantity=2)])
    run_jobs(market)
    taken = rows(
        market,
        "SELECT refund_id, content, amount, units FROM share WHERE refund_id > 0 ORDER BY refund_id NULLS FIRST, content",
    )
    assert taken[:2] == [(1, "c1", -6000, 0), (1, "c2", -4000, 0)]
    assert taken[2:4] == [(2, "c1", -19_992_000, -666_667), (2, "c2", -13_328_000, -333_333)]
    assert rows(market, "SELECT content, sum(amount), sum(units) FROM share GROUP BY 1 ORDER BY 1") == [
        ("c1", 0, 0),
        ("c2", 0, 0),
    ]


def test_two_attributors_and_two_talliers_at_once_do_it_once(market):
    touches = [view(f"v{i}", viewer=f"u{i}", content=f"c{1 + i % 2}") for i in range(600)]
    sales = [purchase(f"b{i}", f"o{i}", viewer=f"u{i}") for i in range(600)]
    refunds = [refund(f"x{i}", f"o{i}", quantity=1) for i in range(0, 600, 3)]
    for i in range(0, 600, 20):
        send(market, touches[i : i + 20] + sales[i : i + 20])
    send(market, refunds)

    def work(_):
        done = 0
        for _ in range(60):
            with transaction(market) as session:
                done += tally(session, limit_batches=2)
            with transaction(market) as session:
                done += attribute(session, NOW, SETTINGS, limit=17)
            with transaction(market) as session:
                done += take_back(session, limit=11)
        return done

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    run_jobs(market)
    assert one(market, "SELECT count(*) FROM attribution") == 600
    assert rows(market, "SELECT count(*), sum(amount) FROM share") == [(800, 400 * 100 * M)]
    assert one(market, "SELECT sum(views) FROM tally_content_day") == 600
    with transaction(market) as session:
        assert verify_tallies(session, SETTINGS) == []


def test_qualified_views_are_counted_when_the_day_ends_and_again_when_late_ones_come(market):
    events = [
        view("a", when="2026-11-01T10:00:00+03:00"),
        view("b", when="2026-11-01T10:29:59+03:00"),
        view("c", when="2026-11-01T10:30:00+03:00"),
        view("d", when="2026-11-01T10:31:00+03:00", watch_ms=2999),
        view("e", when="2026-11-02T00:00:00+03:00"),
    ]
    send(market, events)
    with transaction(market) as session:
        tally(session)
        before = datetime.fromisoformat("2026-11-01T23:59:00+03:00")
        assert qualify(session, before, SETTINGS) == 0
        assert [qualify(session, NOW, SETTINGS) for _ in range(2)] == [1, 0]
    counted = "SELECT day, views, qualified_views FROM tally_content_day ORDER BY day"
    assert rows(market, counted) == [(date(2026, 11, 1), 4, 2), (date(2026, 11, 2), 1, 0)]
    send(market, [view("f", viewer="u9", when="2026-11-01T10:31:00+03:00")])
    with transaction(market) as session:
        session.execute(text("DELETE FROM changed_day"))
        tally(session)
        assert qualify(session, NOW, SETTINGS) == 1
    assert rows(market, counted)[0] == (date(2026, 11, 1), 5, 3)
    assert one(market, "SELECT count(*) FROM changed_day") == 2


def test_verify_names_a_tally_that_was_tampered_with(market, owner):
    send(market, [view("v"), click("k")])
    run_jobs(market)
    with transaction(owner) as session:
        session.execute(text("UPDATE tally_content_day SET watch_ms = 1"))
        session.execute(text("DELETE FROM tally_product_day"))
    with transaction(market) as session:
        found = verify_tallies(session, SETTINGS)
    assert [(d.content, d.product, d.measure, d.stored, d.counted) for d in found] == [
        ("c1", "p1", "clicks", None, 1),
        ("c1", None, "watch_ms", 1, 5000),
    ]


def test_the_readers_tell_the_story(market):
    batch = send(
        market,
        [click("k"), purchase("b", "o", quantity=2), purchase("n", "o2", viewer="nobody", amount="7.00")],
    )
    send(market, [refund("x", "o", quantity=1), purchase("b", "o", amount="1.00")])
    run_jobs(market)
    with transaction(market) as session:
        found = find_event(session, "b")
        assert [event.state for event in found] == ["accepted", "conflict"]
        assert [(e.policy, e.outcome, e.content, e.creator) for e in found[0].attributed] == [
            ("default", "click", "c1", "r1")
        ]
        touch = find_event(session, "k")[0]
        assert (touch.tallied, touch.batch) == (True, batch.batch)
        assert [event.id for event in list_events(session, "conflict")[0]] == ["b"]
        assert get_batch(session, batch.batch).accepted == 3
        assert [b.accepted for b in list_batches(session)[0]] == [1, 3]
        _, cursor = list_batches(session, limit=1)
        assert [b.accepted for b in list_batches(session, limit=1, cursor=cursor)[0]] == [3]
        sale = sale_attribution(session, "o", "p1")
        assert (str(sale.refunded), sale.returned, sale.policies[0].touch) == ("50.00 RUB", 1, "k")
        assert [(s.content, str(s.amount), s.units, s.refund) for s in sale.policies[0].shares] == [
            ("c1", "100.00 RUB", 2 * M, None),
            ("c1", "-50.00 RUB", -M, "x"),
        ]
        report = attribution_report(session, date(2026, 11, 2), date(2026, 11, 2))
        assert (
            report.purchases.count,
            report.attributed.count,
            report.by_click.count,
            report.by_view.count,
        ) == (2, 1, 1, 0)
        assert str(report.unattributed.sums["RUB"]) == "7.00 RUB"
        for lookup in (
            lambda: find_event(session, "nobody"),
            lambda: get_batch(session, "bat_x"),
            lambda: get_batch(session, batch.batch[:-1] + "f"),
            lambda: sale_attribution(session, "o", "p2"),
            lambda: attribution_report(session, date(2026, 1, 1), date(2026, 1, 2), "other"),
        ):
            with pytest.raises(NotFound):
                lookup()
        with pytest.raises(Invalid):
            attribution_report(session, date(2026, 1, 2), date(2026, 1, 1))


def test_an_import_counts_lines_and_holds_attribution_up_until_it_ends(market):
    lines = [json.dumps(view(f"v{i}", when=at(days=20))).encode() + b"\n" for i in range(12_000)]
    lines[7000] = b"bad\n"
    run = import_events(
        market, iter(lines), source="file", clock=lambda: NOW, settings=SETTINGS, vault=VAULT, backfill=True
    )
    send(market, [purchase("b", "o")])
    seen = []
    for counts in run:
        seen.append(
            (counts.lines, counts.accepted, counts.rejected, [error.index for error in counts.errors])
        )
        with transaction(market) as session:
            assert attribute(session, NOW, SETTINGS) == 0
    assert seen == [(5000, 5000, 0, []), (10_000, 9999, 1, [7000]), (12_000, 11_999, 1, [])]
    with transaction(market) as session:
        assert attribute(session, NOW, SETTINGS) == 1
