"""Random journeys with suspects found and decided at random moments: in the end everything is as if they never came."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from attribution_market import NOW as TODAY
from attribution_market import SETTINGS, at, one, rows, send, stock, tag, view
from attribution_oracle import World, moment, tallies
from sqlalchemy import Engine
from test_attribution_oracle import CONTENTS, PRODUCTS, START, add_tags, make_events, make_world
from traffic_oracle import suspects

from attribution.attribute import attribute
from attribution.policies import add_version
from attribution.reattribute import reattribute
from attribution.recount import verify_tallies
from attribution.suspects import decide_all
from attribution.tables import MODELS
from attribution.take_back import take_back
from attribution.tally import qualify, tally
from attribution.traffic import check_batches, judge_day
from core.database import transaction

NOW = START + timedelta(days=100)
STRICT = replace(
    SETTINGS,
    traffic_views_per_hour=3,
    traffic_clicks_per_hour=2,
    traffic_pair_per_day=6,
    traffic_click_seconds=3600,
    traffic_view_share=30,
)


def bursts(dice: random.Random, events: list[dict]) -> list[dict]:
    """Some touches many times over, within an hour and across one, and a content with a hundred views on a day."""
    touches = [event for event in events if event["type"] in ("view", "click")]
    more = []
    for n, touch in enumerate(dice.sample(touches, min(6, len(touches)))):
        for i in range(dice.randint(1, 8)):
            when = moment(touch) + timedelta(minutes=dice.choice([0, 1, 7, 55]), seconds=i)
            more.append(touch | {"id": f"m{n}.{i}", "occurred_at": when.isoformat()})
    busy = {"type": "view", "content": "c1", "watch_ms": 4000, "completed": False}
    for i in range(dice.choice([0, 99, 120])):
        viewer = dice.choice(["big", "big", f"small{i}", f"small{i}", f"small{i}"])
        when = START + timedelta(days=30, hours=9, seconds=i * 600)
        more.append(busy | {"id": f"s{i}", "viewer": viewer, "occurred_at": when.isoformat()})
    return more


def run(engine: Engine, *jobs) -> None:
    for job in jobs:
        while True:
            with transaction(engine) as session:
                done = job(session)
            if not (any(done.values()) if isinstance(done, dict) else done):
                break


CHECK = (lambda s: check_batches(s, NOW, STRICT, limit=3),)
JUDGE = (lambda s: judge_day(s, NOW, STRICT),)
TALLY = (lambda s: tally(s, limit_batches=2),)
QUALIFY = (lambda s: qualify(s, NOW, STRICT),)
SALES = (
    lambda s: attribute(s, NOW, STRICT),
    lambda s: take_back(s),
    lambda s: reattribute(s, limit=4),
)


def decide(engine: Engine, dice: random.Random) -> None:
    found = rows(engine, "SELECT rule, content FROM suspect WHERE state = 'open'")
    if found:
        rule, content = dice.choice(found)
        with transaction(engine) as session:
            decision = dice.choice(["confirmed", "cleared"])
            decide_all(
                session, decision, "r", "op", NOW, rule=rule, content=content, limit=dice.randint(1, 5)
            )


@pytest.mark.parametrize("seed", range(5))
def test_suspects_at_any_moment_leave_no_trace(engine, monkeypatch, seed):
    # Which of the two ways to the busy viewers is taken.
    monkeypatch.setattr("attribution.traffic_rules.BYTES_A_PROBE", (-1, 10**9)[seed % 2])
    dice = random.Random(seed)
    world = make_world(dice)
    world.events = make_events(dice, world)
    world.events += bursts(dice, world.events)
    stock(engine, contents=CONTENTS, products=PRODUCTS)
    add_tags(engine, world, {f"c{i}" for i in range(1, CONTENTS + 1)})
    add_policies(engine, "")
    arrivals = world.events[:]
    dice.shuffle(arrivals)
    size = dice.choice([5, 17, 1000])
    for i in range(0, len(arrivals), size):
        send(engine, arrivals[i : i + size], NOW, backfill=True)
        for jobs in dice.sample([CHECK, TALLY, QUALIFY], dice.randint(0, 1)):
            run(engine, *jobs)
    for _ in range(12):
        step = dice.choice([CHECK, JUDGE, TALLY, QUALIFY, SALES, None, None])
        run(engine, *step) if step else decide(engine, dice)
    run(engine, *CHECK, *TALLY, *JUDGE, *QUALIFY, *SALES)
    today = NOW.astimezone(STRICT.zone).date()
    assert {row[0] for row in rows(engine, "SELECT event_id FROM suspect")} == suspects(world, STRICT, today)
    for _ in range(2):
        check_counts(engine, world, today)
        check_shares(engine, world)
        for _ in range(4):
            decide(engine, dice)
        run(engine, *QUALIFY, *SALES)
    assert one(engine, "SELECT count(*) FROM reattribution") == 0


@pytest.mark.parametrize("bytes_a_probe", [-1, 10**9], ids=["by index", "whole day"])
def test_one_too_many_is_found_either_way(engine, monkeypatch, bytes_a_probe):
    """Nothing but the hour's views makes these viewers busy: a count that is off by one finds none or too many."""
    monkeypatch.setattr("attribution.traffic_rules.BYTES_A_PROBE", bytes_a_probe)
    stock(engine)
    tag(engine, "c1", "p1")
    rule = replace(SETTINGS, traffic_views_per_hour=3)
    for viewer, count in (("three", 3), ("four", 4)):
        send(engine, [view(f"{viewer}{i}", viewer, when=at(hours=3, seconds=-i)) for i in range(count)])
    with transaction(engine) as session:
        assert check_batches(session, TODAY, rule)["suspects"] == 4
    assert {row[0] for row in rows(engine, "SELECT event_id FROM suspect")} == {f"four{i}" for i in range(4)}
    send(engine, [view("four9", "four", when=at(hours=3, seconds=-9))])
    with transaction(engine) as session:
        assert check_batches(session, TODAY, rule)["suspects"] == 1


def add_policies(engine: Engine, suffix: str) -> None:
    for model in MODELS:
        with transaction(engine) as session:
            add_version(
                session, model + suffix, model=model, scope="product", click_window_hours=720,
                view_window_hours=48, effective_from=START - timedelta(days=400), by="op", now=NOW,
            )  # fmt: skip


def check_counts(engine: Engine, world: World, today) -> None:
    doubted = {
        row[0] for row in rows(engine, "SELECT event_id FROM suspect WHERE state IN ('open', 'confirmed')")
    }
    left = World(world.tags, world.creators, [e for e in world.events if e["id"] not in doubted])
    views, clicks = tallies(left, STRICT.zone, STRICT.minimum_watch_ms, today)
    stored = rows(
        engine, "SELECT content, day, views, qualified_views, watch_ms, completes FROM tally_content_day"
    )
    assert {(c, day): tuple(rest) for c, day, *rest in stored if any(rest)} == views
    stored = rows(engine, "SELECT content, product, day, clicks FROM tally_product_day WHERE clicks <> 0")
    assert {(c, p, day): n for c, p, day, n in stored} == clicks
    with transaction(engine) as session:
        assert verify_tallies(session, STRICT) == []


NET = (
    "SELECT s.purchase_id, s.content, s.refund_id, sum(s.amount), sum(s.units), sum(s.orders) FROM share s"
    " WHERE s.policy = :policy GROUP BY 1, 2, 3 HAVING sum(s.amount) <> 0 OR sum(s.units) <> 0 OR sum(s.orders) <> 0"
)
OUTCOME = "SELECT purchase_id, outcome, touch_id FROM attribution WHERE policy = :policy"
UNDONE = (
    "SELECT purchase_id FROM share s JOIN attribution a USING (purchase_id, policy) WHERE abs(s.generation) <> a.generation"
    " GROUP BY purchase_id, policy, abs(s.generation), content, refund_id HAVING sum(s.amount) <> 0 OR sum(s.units) <> 0"
    " OR count(*) <> 2 UNION ALL SELECT purchase_id FROM share s JOIN attribution a USING (purchase_id, policy)"
    " WHERE s.generation = -a.generation OR s.generation > a.generation"
)


def check_shares(engine: Engine, world: World) -> None:
    """Net shares are those of the same policies attributed for the first time now."""
    assert rows(engine, UNDONE) == []
    suffix = f"_{one(engine, 'SELECT count(*) FROM policy')}"
    add_policies(engine, suffix)
    run(engine, *SALES)
    for model in MODELS:
        assert set(rows(engine, NET, policy=model)) == set(rows(engine, NET, policy=model + suffix)), model
        again = rows(engine, OUTCOME, policy=model + suffix)
        assert set(rows(engine, OUTCOME, policy=model)) == set(again), model
