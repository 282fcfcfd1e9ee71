"""The traffic rules one by one, decisions on suspects, and what follows for tallies, shares and rewards."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
    rows,
    run_jobs,
    send,
    stock,
    tag,
    view,
)

from attribution.attribute import attribute
from attribution.events import find_event, list_events
from attribution.reattribute import reattribute
from attribution.recount import verify_tallies
from attribution.suspects import decide, decide_all, list_suspects
from attribution.tally import qualify, tally
from attribution.traffic import check_batches, judge_day
from core.database import transaction
from core.errors import Conflict, Invalid, NotFound
from core.money import Money
from rewards.accrue import accrue
from rewards.activate import activate_version
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line
from rewards.price import price
from rewards.programs import NewProgram, create_program
from rewards.versions import draft_version

ALL_OFF = replace(
    SETTINGS,
    **{
        f"traffic_{name}": 0
        for name in (
            "views_per_hour",
            "clicks_per_hour",
            "pair_per_day",
            "click_seconds",
            "view_share",
            "own_viewer",
        )
    },
)


@pytest.fixture
def market(engine):
    stock(engine, contents=4)
    for content in ("c1", "c2"):
        tag(engine, content, "p1")
    return engine


def check(engine, now=NOW, **rules):
    settings = replace(ALL_OFF, **{f"traffic_{name}": value for name, value in rules.items()})
    found = 0
    for job in (check_batches, judge_day):
        done = {"suspects": 1}
        while done:
            with transaction(engine) as session:
                done = job(session, now, settings)
            found += done.get("suspects", 0)
    return found


def found(engine):
    return rows(engine, "SELECT event_id, rule FROM suspect ORDER BY event_id")


def some(kind, count, minutes=0, **more):
    return [
        kind(f"{kind.__name__[0]}{i}", when=at(hours=3, minutes=-(i * 60 / count) - minutes), **more)
        for i in range(count)
    ]


def test_above_the_threshold_of_an_hour_all_of_the_hour_are_doubted(market):
    send(market, some(view, 3) + some(click, 3))
    assert check(market, views_per_hour=3, clicks_per_hour=3) == 0
    send(market, [view("late", when=at(hours=2, seconds=1)), view("next", when=at(hours=2))])
    assert check(market, views_per_hour=3, clicks_per_hour=3) == 4
    assert found(market) == [(f, "views_per_hour") for f in ("late", "v0", "v1", "v2")]
    send(market, [view("after", when=at(hours=2, seconds=2)), view("other", viewer="u2", when=at(hours=3))])
    assert check(market, views_per_hour=3, clicks_per_hour=3) == 1


def test_a_pair_is_one_viewer_and_all_contents_of_one_creator_on_a_day(market):
    touches = [view("a"), click("b", content="c3"), view("c", content="c3", when=at(hours=6))]
    send(market, [*touches, view("other", content="c2"), view("before", when=at(hours=13))])
    assert check(market, pair_per_day=3) == 0
    send(market, [view("d", when=at(hours=9))])
    assert check(market, pair_per_day=3) == 4
    assert [event for event, _ in found(market)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("first", ["click", "purchase", "together"])
def test_a_click_that_its_purchase_follows_at_once(market, first):
    fast = click("fast", when=at(hours=3, seconds=4, microseconds=-1))
    slow = click("slow", viewer="u2", when=at(hours=3, seconds=4))
    sales = [purchase("b", "o", when=at(hours=3)), purchase("b2", "o2", viewer="u2", when=at(hours=3))]
    other = click("other", product="p2", when=at(hours=3))
    for part in {"click": [[fast, slow, other], sales], "purchase": [sales, [fast, slow, other]]}.get(
        first, [[fast, slow, other, *sales]]
    ):
        send(market, part)
        check(market, click_seconds=4)
    assert found(market) == [("fast", "click_to_purchase")]


def test_a_share_of_views_is_judged_when_the_day_is_over_and_again_when_late_views_come(market):
    day = "2026-11-01T{:02}:{:02}:00+03:00"
    views = [view(f"v{i:03}", viewer=f"u{i % 3 and i}", when=day.format(i // 60, i % 60)) for i in range(99)]
    send(market, views)
    run_jobs(market)
    assert check(market, view_share=33) == 0  # 33 of 99, which is too few to judge
    send(market, [view("late", viewer="u99", when=day.format(20, 0))])
    run_jobs(market)
    assert check(market, now=datetime.fromisoformat("2026-11-01T23:59:59+03:00"), view_share=33) == 0
    assert check(market, view_share=34) == 0
    send(market, [view("u0late", viewer="u0", when=day.format(21, 0))])
    run_jobs(market)
    assert check(market, view_share=33) == 34
    run_jobs(market)
    assert rows(market, "SELECT views, qualified_views FROM tally_content_day") == [(67, 67)]
    assert "34 of the 101 views" in one(market, "SELECT min(detail) FROM suspect")


def test_a_rule_that_is_off_finds_nothing_and_looks_ahead_when_it_is_switched_on(market):
    send(market, [view("own", viewer="self1"), *some(click, 50)])
    assert check(market) == 0
    assert check(market, own_viewer=1, clicks_per_hour=60) == 0
    send(market, [view("own2", viewer="self1"), view("not", viewer="self2")])
    assert check(market, own_viewer=1) == 1
    assert found(market) == [("own2", "own_viewer")]


def test_nothing_is_dropped_silently(market):
    send(market, [view("own", viewer="self1"), click("k", viewer="self1"), view("v")])
    run_jobs(market)
    assert check(market, own_viewer=1) == 2
    with transaction(market) as session:
        listed, _ = list_events(session, "suspect")
        assert [(e.id, e.state, e.tallied) for e in listed] == [
            ("k", "suspect", False),
            ("own", "suspect", False),
        ]
        event = find_event(session, "own")[0]
        assert (event.state, event.tallied, event.reason) == (
            "suspect", False, "own_viewer: by the creator's own viewer",
        )  # fmt: skip
        assert find_event(session, "v")[0].state == "accepted"
        page, cursor = list_suspects(session, "open", limit=1)
        rest, end = list_suspects(session, "open", cursor=cursor)
        assert ([s.event for s in page + rest], end) == (["k", "own"], None)
    assert one(market, "SELECT count(*) FROM touch") == 3


def test_a_decision_is_final_and_only_clearing_brings_a_touch_back(market):
    send(market, [view("a", viewer="self1"), view("b", viewer="self1"), view("c", viewer="self1")])
    run_jobs(market)
    check(market, own_viewer=1)
    views = "SELECT views, watch_ms, completes FROM tally_content_day"
    assert rows(market, views) == [(0, 0, 0)]
    with transaction(market) as session:
        [a, b, c] = list_suspects(session, None)[0]
        assert decide(session, a.id, "confirmed", "bot", "Olga", NOW).state == "confirmed"
        cleared = decide(session, b.id, "cleared", "mine", "Olga", NOW)
        assert (cleared.state, cleared.decided_by, cleared.reason) == ("cleared", "Olga", "mine")
        for lookup in (a.id, b.id):
            with pytest.raises(Conflict):
                decide(session, lookup, "cleared", "again", "Olga", NOW)
        for unknown in ("sus_x", c.id[:-1] + "f", c.id.replace("sus", "bat")):
            with pytest.raises(NotFound):
                decide(session, unknown, "cleared", "x", "Olga", NOW)
        with pytest.raises(Invalid):
            decide_all(session, "cleared", "x", "Olga", NOW)
    assert rows(market, views) == [(1, 5000, 1)]
    send(market, [view("d", viewer="self1")])
    run_jobs(market)
    assert check(market, own_viewer=1) == 1  # and what was cleared stays cleared
    viewer = str(VAULT.pseudonym("self1"))
    with transaction(market) as session:
        assert decide_all(session, "cleared", "all", "Olga", NOW, viewer=viewer, limit=1).left == 1
        assert decide_all(session, "cleared", "all", "Olga", NOW, rule="own_viewer").decided == 1
    assert rows(market, views) == [(3, 15000, 3)]
    with transaction(market) as session:
        assert verify_tallies(session, SETTINGS) == []


def reward_sales(engine, world_now):
    """A program that pays 5 % of every sale."""
    money = Money.parse("1000.00", "RUB")
    with transaction(engine) as session:
        create_fund(session, "main", "Main", money)
        deposit_money(session, "main", money, None, "fin", world_now, SETTINGS)
        create_line(session, "main", "l", "all", money, "once", True, world_now, SETTINGS)
        pays = NewProgram(
            id="prog", name="prog", currency="RUB", fund="main", line="l", hold_days=0, open="all"
        )
        create_program(session, pays)
        rule = {"name": "part", "grain": "sale", "amount": "amount * 5%"}
        version = draft_version(session, "prog", date(2026, 11, 1), [rule], "op")
        activate_version(session, "prog", version.number, "op", world_now, SETTINGS)


def owed(engine):
    done = 1
    while done:
        with transaction(engine) as session:
            done = reattribute(session) + price(session, NOW, SETTINGS) + accrue(session, NOW, SETTINGS)
    return dict(
        rows(
            engine,
            "SELECT split_part(a.code, ':', 3), sum(b.balance) FROM account a JOIN balance b ON b.account_id = a.id"
            " WHERE a.code LIKE 'liabilities:creator:%' AND a.currency = 'RUB' GROUP BY 1 HAVING sum(b.balance) <> 0",
        )
    )


def test_a_doubted_click_moves_the_reward_and_clearing_moves_it_back(market):
    send(market, [view("v", content="c2"), click("k", when=at(hours=2, seconds=1)), purchase("b", "o")])
    reward_sales(market, NOW - timedelta(days=1))
    run_jobs(market)
    assert {creator: abs(micros) for creator, micros in owed(market).items()} == {"r1": 5_000_000}
    assert check(market, click_seconds=2) == 1
    assert {creator: abs(micros) for creator, micros in owed(market).items()} == {"r2": 5_000_000}
    assert rows(market, "SELECT outcome, touch_id, generation FROM attribution") == [("view", "v", 2)]
    shares = "SELECT generation, content, amount FROM share ORDER BY abs(generation), generation DESC"
    whole = 100_000_000
    assert rows(market, shares) == [(1, "c1", whole), (-1, "c1", -whole), (2, "c2", whole)]
    with transaction(market) as session:
        decide_all(session, "cleared", "quick hands", "op", NOW, rule="click_to_purchase")
    assert {creator: abs(micros) for creator, micros in owed(market).items()} == {"r1": 5_000_000}


def test_talliers_checkers_and_deciders_at_once_count_each_touch_once(market):
    for i in range(60):
        send(market, [view(f"v{i}.{n}", viewer="self1" if n % 2 else f"u{i}") for n in range(20)])
        send(market, [click(f"k{i}", viewer="self1"), purchase(f"b{i}", f"o{i}", viewer="self1")])
    own = replace(ALL_OFF, traffic_own_viewer=1)

    def decide_some(session, nth, decision):
        decide_all(session, decision, "r", "op", NOW, content="c1", limit=nth + 1)

    def work(nth):
        for i in range(40):
            for job in (
                lambda s: tally(s, limit_batches=2),
                lambda s: check_batches(s, NOW, own, limit=3),
                lambda s: qualify(s, NOW + timedelta(days=1), own),
                lambda s: attribute(s, NOW, own, limit=7),
                lambda s: reattribute(s, limit=5),
                lambda s, decision=("confirmed", "cleared")[i % 2]: decide_some(s, nth, decision),
            ):
                with transaction(market) as session:
                    job(session)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    check(market, own_viewer=1)
    run_jobs(market, NOW + timedelta(days=1))
    with transaction(market) as session:
        assert verify_tallies(session, SETTINGS) == []
    counted = one(market, "SELECT count(*) FROM suspect WHERE state = 'cleared' AND kind = 1")
    assert one(market, "SELECT views FROM tally_content_day") == 600 + counted
    assert one(market, "SELECT count(*) FROM suspect") == 660
