"""Random small marketplaces: the database against plain Python, with events in any order of arrival."""

import random
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import product as pairs

import pytest
from attribution_market import SETTINGS, add_contents, rows, run_jobs, send, stock, tag
from attribution_oracle import UNIT, Sale, World, earner, moment, refund_worth, tallies
from sqlalchemy import Engine

from attribution.recount import verify_tallies
from attribution.tally import qualify, tally
from core.database import transaction
from core.money import minor_micros, parse_micros

START = datetime(2026, 9, 1, tzinfo=UTC)
CONTENTS, PRODUCTS, VIEWERS = 4, 3, 5
CURRENCIES = {"p1": "RUB", "p2": "JPY", "p3": "KWD"}


def make_world(dice: random.Random) -> World:
    """Few of everything and times on a coarse grid, so that ties, borders and repeats are common."""
    tags = {}
    for c, p in pairs(range(1, CONTENTS + 1), range(1, PRODUCTS + 1)):
        days = sorted(dice.sample(range(0, 62), 4))
        spans = [(days[0], days[1]), (days[2], dice.choice([None, days[3]]))]
        chosen = dice.choice([[(0, None)], spans, spans[:1], []])
        tags[f"c{c}", f"p{p}"] = [
            (START + timedelta(days=a), None if b is None else START + timedelta(days=b)) for a, b in chosen
        ]
    creators = {f"c{i}": (f"r{1 + (i - 1) % 2}", f"self{1 + (i - 1) % 2}") for i in range(1, CONTENTS + 1)}
    return World(tags, creators)


def make_events(dice: random.Random, world: World) -> list[dict]:
    def when() -> str:
        minutes = dice.choice([dice.randrange(0, 62 * 24, 12) * 60, dice.randrange(62 * 1440)])
        return (START + timedelta(minutes=minutes)).isoformat()

    def person() -> str:
        return dice.choice([f"u{dice.randrange(VIEWERS)}", "self1"])

    events = []
    for i in range(dice.randrange(20, 90)):
        event = {"id": dice.choice("AaZz._-") + str(i), "occurred_at": when(), "viewer": person()}
        event["content"] = f"c{dice.randint(1, CONTENTS)}"
        if dice.random() < 0.5:
            event |= {
                "type": "view",
                "watch_ms": dice.choice([0, 2999, 3000, 60000]),
                "completed": dice.random() < 0.5,
            }
        else:
            event |= {"type": "click", "product": f"p{dice.randint(1, PRODUCTS)}"}
        events.append(event)
    for i in range(dice.randrange(1, 25)):
        events += make_sale(dice, i, when(), person(), events)
    return events


def make_sale(dice: random.Random, i: int, at: str, viewer: str, events: list[dict]) -> list[dict]:
    touch = dice.choice(events)
    item = touch.get("product") or f"p{dice.randint(1, PRODUCTS)}"
    if "content" in touch and dice.random() < 0.7:  # after a touch, often exactly on a window's border
        viewer = touch["viewer"]
        ago = dice.choice([timedelta(0), timedelta(hours=1), timedelta(hours=24), timedelta(hours=720)])
        ago += dice.choice([timedelta(0), timedelta(seconds=1), timedelta(seconds=-1)])
        at = (moment(touch) + ago).isoformat()
    currency = CURRENCIES[item]
    unit = minor_micros(currency)
    quantity, amount = dice.randint(1, 7), dice.randrange(0, 2000) * unit

    def text(micros: int) -> str:
        return f"{micros // 10**6}.{micros % 10**6:06d}"

    line = {"order": f"o{i}", "product": item}
    bought = {"id": f"b{i}", "type": "purchase", "occurred_at": at, **line, "quantity": quantity}
    bought |= {"amount": text(amount), "currency": currency}
    if dice.random() < 0.9:
        bought["viewer"] = viewer
    sale = [bought]
    for n in range(dice.choice([0, 0, 1, 3])):
        refund = {"id": f"x{i}.{n}", "type": "refund", "occurred_at": at, **line}
        kind = dice.random()
        if kind < 0.6:
            refund["quantity"] = dice.randint(1, 3)
        if kind > 0.4:
            refund |= {"amount": text(dice.randrange(1, 900) * unit), "currency": currency}
        sale.append(refund)
    return sale


def add_tags(engine: Engine, world: World, contents: set[str]) -> None:
    for (c, p), spans in world.tags.items():
        for since, until in spans if c in contents else []:
            tag(engine, c, p, since, until)


@pytest.mark.parametrize("seed", range(12))
def test_the_database_agrees_with_plain_python(engine, seed):
    dice = random.Random(seed)
    world = make_world(dice)
    world.events = make_events(dice, world)
    arrivals = world.events[:]
    dice.shuffle(arrivals)
    now = START + timedelta(days=100)
    late = dice.choice([[], [], [3, 4]])  # contents that the catalog learns of after their events
    stock(engine, contents=CONTENTS - len(late), products=PRODUCTS)
    add_tags(engine, world, {f"c{i}" for i in range(1, CONTENTS + 1) if i not in late})
    size = dice.choice([1, 7, 1000])
    for i in range(0, len(arrivals), size):
        batch = arrivals[i : i + size] + dice.sample(arrivals[: i + 1], dice.randint(0, 1))
        send(engine, batch, now, backfill=True)
        if not late and dice.random() < 0.2:
            count_early(engine, now)
    add_contents(engine, *late)
    add_tags(engine, world, {f"c{i}" for i in late})
    run_jobs(engine, now)
    check_tallies(engine, world, now)
    check_sales(engine, world, arrivals)
    with transaction(engine) as session:
        assert verify_tallies(session, SETTINGS) == []


def count_early(engine: Engine, now: datetime) -> None:
    """Tallies may run at any moment; attribution waits here until all touches have come, as its delay intends."""
    with transaction(engine) as session:
        tally(session)
        qualify(session, now, SETTINGS)


def check_tallies(engine: Engine, world: World, now: datetime) -> None:
    views, clicks = tallies(
        world, SETTINGS.zone, SETTINGS.minimum_watch_ms, now.astimezone(SETTINGS.zone).date()
    )
    stored = rows(
        engine, "SELECT content, day, views, qualified_views, watch_ms, completes FROM tally_content_day"
    )
    assert {(c, day): tuple(rest) for c, day, *rest in stored} == views
    stored = rows(engine, "SELECT content, product, day, clicks FROM tally_product_day")
    assert {(c, p, day): n for c, p, day, n in stored} == clicks


def check_sales(engine: Engine, world: World, arrivals: list[dict]) -> None:
    for bought in [event for event in world.events if event["type"] == "purchase"]:
        line = {"order": bought["order"], "product": bought["product"]}
        found = rows(
            engine,
            "SELECT p.id, p.refunded, p.returned, a.outcome, a.touch_id FROM purchase p"
            " JOIN attribution a ON a.purchase_id = p.id WHERE p.order_ref = :order AND p.product = :product",
            **line,
        )
        outcome, touch, content = earner(world, bought)
        assert [row[3:] for row in found] == [(outcome, touch)], bought
        purchase, refunded, returned = found[0][:3]
        sale = Sale(parse_micros(bought["amount"]), bought["quantity"], bought["currency"])
        refunds = [
            event for event in arrivals if event["type"] == "refund" and event["order"] == bought["order"]
        ]
        taken = applied(engine, sale, purchase, refunds)
        assert (refunded, returned) == (sale.refunded, sale.returned)
        expected = (
            [(content, world.creators[content][0], sale.amount, bought["quantity"] * UNIT, UNIT)]
            if content
            else []
        )
        expected += [
            (content, world.creators[content][0], -worth, -back * UNIT, 0) for worth, back in taken if content
        ]
        shares = rows(
            engine,
            "SELECT content, creator, amount, units, orders FROM share WHERE purchase_id = :purchase ORDER BY refund_id NULLS FIRST, content",
            purchase=purchase,
        )
        assert shares == expected


def applied(engine: Engine, sale: Sale, purchase: int, refunds: list[dict]) -> list[tuple[int, int]]:
    """(worth, units) of the refunds that stand, in the order in which they were applied: the model agrees on each, and
    that the others take back more than is left (what was too much then is too much now).
    """
    stored = rows(
        engine,
        "SELECT event_id, amount, coalesce(quantity, 0) FROM refund WHERE purchase_id = :p ORDER BY id",
        p=purchase,
    )
    events = {event["id"]: event for event in refunds}
    for event_id, worth, _ in stored:
        assert refund_worth(sale, events.pop(event_id)) == worth
    for refused in events.values():
        assert refund_worth(copy(sale), refused) is None
    return [(worth, back) for _, worth, back in stored]
