"""A shop with three creators and tags that come and go, one policy for each model and scope, and journeys through it."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from attribution_market import LONG_AGO, VAULT, tag
from hypothesis import strategies as st
from models_oracle import Rule, Shop
from sqlalchemy import Engine

from attribution.policies import add_version
from attribution.tables import MODELS, SCOPES
from catalog.tables import content, creator, product, seller
from core.database import transaction

START = datetime(2026, 9, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)
# Ids in another order by bytes than by a dictionary.
CONTENTS = {"B": "r1", "Z_": "r2", "a": "r2", "a-1": "r1", "a.1": "r3", "b": "r3"}
OWN = {"r1": "self1", "r2": "self2", "r3": ""}
SELLERS = {"p1": "s1", "p2": "s1", "p3": "s2", "p4": "s1"}
D = timedelta(days=1)
ALWAYS = [(LONG_AGO, None)]
TAGS: dict[tuple[str, str], list[tuple[datetime, datetime | None]]] = {
    ("B", "p1"): ALWAYS,
    ("Z_", "p1"): ALWAYS,
    ("Z_", "p2"): ALWAYS,
    ("a", "p1"): [(LONG_AGO, START + 10 * D), (START + 25 * D, START + 32 * D), (START + 33 * D, None)],
    ("a", "p3"): ALWAYS,
    ("a-1", "p3"): ALWAYS,
    ("a.1", "p2"): [(START + 30 * D, None)],
    ("a.1", "p1"): [(LONG_AGO, START + 31 * D)],
}
WINDOWS = itertools.cycle([(720, 24), (24, 720), (168, 168), (720, 720), (0, 1), (168, 24), (800, 24)])
RULES = {f"{model}.{scope}": Rule(model, scope, *next(WINDOWS)) for model in MODELS for scope in SCOPES} | {
    "default": Rule("last_touch", "product", 720, 24)
}
# Versions of one policy, each from its moment.
MOVING = [
    (LONG_AGO, Rule("last_touch", "product", 720, 24)),
    (START + 32 * D, Rule("linear", "store", 720, 168)),
    (START + 33 * D, Rule("time_decay", "seller", 720, 720)),
]


def rule_of(policy: str, at: datetime) -> Rule:
    if policy != "moving":
        return RULES[policy]
    return next(rule for since, rule in reversed(MOVING) if since <= at)


def open_shop(engine: Engine) -> Shop:
    with transaction(engine) as session:
        session.execute(seller.insert(), [{"id": s, "name": s} for s in ("s1", "s2")])
        for name, own in OWN.items():
            viewer = VAULT.pseudonym(own) if own else None
            session.execute(creator.insert(), [{"id": name, "name": name, "viewer": viewer}])
        about = {"title": "T", "category": "c", "price": 10**8, "currency": "RUB"}
        session.execute(product.insert(), [{"id": p, "seller": s} | about for p, s in SELLERS.items()])
        made = {"kind": "video", "region": "ru", "published_at": LONG_AGO}
        session.execute(content.insert(), [{"id": c, "creator": r} | made for c, r in CONTENTS.items()])
        for policy, rule in RULES.items():
            if policy != "default":
                _add(session, policy, rule, LONG_AGO)
        for since, rule in MOVING:
            _add(session, "moving", rule, since)
    for (c, p), spans in TAGS.items():
        for since, until in spans:
            tag(engine, c, p, since, until)
    return Shop(TAGS, {c: (r, OWN[r]) for c, r in CONTENTS.items()}, sellers=SELLERS)


def _add(session: Any, policy: str, rule: Rule, since: datetime) -> None:
    add_version(
        session,
        policy,
        model=rule.model,
        scope=rule.scope,
        click_window_hours=rule.click_hours,
        view_window_hours=rule.view_hours,
        effective_from=since,
        by="Olga",
        now=LONG_AGO,
    )


_MICRO = st.sampled_from([0, 0, 0, 1, -1]).map(lambda n: timedelta(microseconds=n))
_EDGES = st.sampled_from([0, 0, 1, 24, 168, 336, 720, 800]).map(lambda n: timedelta(hours=n))
_DAYS = st.integers(0, 34).map(lambda n: n * D)
# Close together, so that a half hour has several, and several have one moment.
_CLOSE = st.sampled_from([0, 0, 10, 20, 40, 40, 50, 70]).map(lambda n: timedelta(minutes=n))
_FAR = st.tuples(st.one_of(_EDGES, _EDGES, _DAYS), _MICRO).map(lambda pair: pair[0] + pair[1])
AGO = st.one_of(_CLOSE, _FAR)
TOUCH = st.fixed_dictionaries(
    {
        "ago": AGO,
        "letter": st.sampled_from("AaZz._-"),
        "type": st.sampled_from(["view", "click"]),
        "content": st.sampled_from([*CONTENTS, "B", "Z_", "B", "Z_"]),
        "product": st.sampled_from(["p1", "p1", "p2", "p3"]),
        "doubt": st.sampled_from([None] * 8 + ["open", "confirmed", "cleared"]),
    }
)
REFUND = st.one_of(
    st.integers(1, 3).map(lambda n: {"quantity": n}),
    st.sampled_from(["0.01", "0.07", "33.33", "500.00"]).map(lambda a: {"amount": a, "currency": "RUB"}),
)
JOURNEY = st.fixed_dictionaries(
    {
        "viewer": st.sampled_from(["u", "u", "u", "u", "self1", "self2", None]),
        "at": st.integers(0, 96).map(lambda n: START + 31 * D + timedelta(minutes=30 * n)),
        "product": st.sampled_from(["p1", "p1", "p1", "p2", "p3", "p4"]),
        "quantity": st.integers(1, 7),
        "kopecks": st.sampled_from([0, 1, 2, 100, 9_999, 1_234_567]),
        "touches": st.lists(TOUCH, max_size=9),
        "refunds": st.lists(REFUND, max_size=3),
    }
)


def events_of(journey: dict[str, Any], number: int) -> tuple[dict[str, Any], list[Any], list[Any], list[Any]]:
    """A sale, its viewer's touches, what is doubted of them, its refunds. Creators' own viewers meet in many journeys."""
    at: datetime = journey["at"]
    own = (journey["viewer"] or "").startswith("self")
    viewer = journey["viewer"] if own else f"u{number}"
    touches, doubts = [], []
    for i, each in enumerate(journey["touches"]):
        event = {"id": f"{each['letter']}{number}.{i}", "occurred_at": (at - each["ago"]).isoformat()}
        event |= {"viewer": viewer, "type": each["type"], "content": each["content"]}
        event |= {"product": each["product"]} if each["type"] == "click" else {"watch_ms": 9000}
        touches.append(event)
        if each["doubt"]:
            doubts.append((event["id"], each["doubt"]))
    line = {"order": f"o{number}", "product": journey["product"], "occurred_at": at.isoformat()}
    sale = {"id": f"b{number}", "type": "purchase", "quantity": journey["quantity"], "currency": "RUB"} | line
    sale["amount"] = f"{journey['kopecks'] // 100}.{journey['kopecks'] % 100:02d}"
    if journey["viewer"]:
        sale["viewer"] = viewer
    refunds = [
        {"id": f"x{number}.{i}", "type": "refund"} | line | each for i, each in enumerate(journey["refunds"])
    ]
    return sale, touches, doubts, refunds
