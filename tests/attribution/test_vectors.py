"""Published examples of attribution and of splits through the service's own engine. `../shared/vectors/` holds the sources."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from attribution_market import LONG_AGO, NOW, at, click, purchase, rows, run_jobs, send, stock, tag
from sqlalchemy import Engine, text

from attribution.policies import add_version
from attribution.sale import sale_attribution
from attribution.tables import MODELS
from core.database import transaction

Vectors = dict[str, dict[str, Any]]


@pytest.fixture
def vectors(shared: Path) -> Vectors:
    listed = json.loads((shared / "vectors" / "published.json").read_text(encoding="utf-8"))
    return {vector["id"]: vector for vector in listed}


@pytest.fixture
def market(engine: Engine) -> Engine:
    """Five contents that tag one product, and a policy of each model with wide windows."""
    stock(engine, contents=5)
    for content in range(1, 6):
        tag(engine, f"c{content}", "p1")
    with transaction(engine) as session:
        for model in MODELS:
            add_version(
                session, model, model=model, scope="product", click_window_hours=2000, view_window_hours=2000,
                effective_from=LONG_AGO, by="Olga", now=NOW,
            )  # fmt: skip
    return engine


def shares(engine: Engine, policy: str) -> list[int]:
    """The amounts that the policy gives, by content, in micros."""
    found = rows(engine, "SELECT amount FROM share WHERE policy = :policy ORDER BY content", policy=policy)
    return [amount for (amount,) in found]


def journey(engine: Engine, days_before: list[float], **bought: Any) -> None:
    """A click on c1, c2, … so many days before the purchase."""
    clicks = [click(f"k{n}", content=f"c{n}", when=at(hours=2, days=d)) for n, d in enumerate(days_before, 1)]
    send(engine, [*clicks, purchase("b", "o", **bought)], backfill=True)
    run_jobs(engine)


def test_c1_c2_c3_one_sale_of_five_touches(market: Engine, vectors: Vectors) -> None:
    total, days = vectors["C1"]["input"]["total"], vectors["C1"]["input"]["days"]
    journey(market, [days[-1] - day for day in days], amount=f"{total}.00")
    units = {model: [amount // 10**6 for amount in shares(market, model)] for model in MODELS}
    first, last = vectors["C1"]["published_output"]
    assert units["first_touch"] == [first[0]]
    assert units["last_touch"] == [last[-1]]
    one = "SELECT content FROM share WHERE policy IN ('first_touch', 'last_touch') ORDER BY policy"
    assert rows(market, one) == [("c1",), ("c5",)]
    assert units["linear"] == vectors["C2"]["published_output"]
    assert units["position_based"] == vectors["C3"]["published_output"]


def test_c5_a_week_halves_the_credit(market: Engine, vectors: Vectors) -> None:
    days, credit = vectors["C5"]["input"], vectors["C5"]["published_output"]
    journey(market, [float(day) for day in days], amount="15.00")
    assert shares(market, "time_decay") == [8_000_000, 4_000_000, 2_000_000, 1_000_000]
    with transaction(market) as session:
        told = sale_attribution(session, "o", "p1")
    [decay] = [outcome for outcome in told.policies if outcome.policy == "time_decay"]
    weights = {touch.content: touch.weight for touch in decay.touches}
    assert [weights[f"c{n}"] / weights["c1"] for n in range(1, 5)] == credit  # type: ignore[operator]


@pytest.mark.parametrize("name", ["E1.0", "E1.1", "E1.5", "E4.0"])
def test_e_splits_by_how_many_touches_a_content_has(
    market: Engine, owner: Engine, vectors: Vectors, name: str
) -> None:
    """The weights as so many touches, each in a half hour of its own, and the smallest unit as a micro."""
    asked, published = vectors[name]["input"], vectors[name]["published_output"]
    unit = 100 if name == "E4.0" else 1
    weights, hours = [int(weight) // unit for weight in asked["weights"]], itertools.count(3)
    touches = [
        click(f"k{content}.{n}", content=f"c{content}", when=at(hours=next(hours)))
        for content, weight in enumerate(weights, 1)
        for n in range(weight)
    ]
    send(market, [*touches, purchase("b", "o")], backfill=True)
    _set_amount(owner, asked["total_minor"])
    run_jobs(market)
    assert shares(market, "linear") == published


@pytest.mark.parametrize("name", ["E4.0", "E6"])
def test_e_a_refund_splits_by_what_is_left(
    market: Engine, owner: Engine, vectors: Vectors, name: str
) -> None:
    """The weights as what each content has of the sale, and the total as what a refund takes back of it."""
    asked = vectors[name]["input"]
    send(market, [click("k"), purchase("b", "o")])
    _set_amount(owner, sum(asked["weights"]))
    run_jobs(market)
    contents = {f"c{n}": weight for n, weight in enumerate(asked["weights"], 1)}
    with transaction(market) as session:
        session.execute(_AS_PUBLISHED, {"contents": list(contents), "amounts": list(contents.values())})
        session.execute(_REFUND, {"amount": asked["total_minor"]})
    run_jobs(market)
    taken = "SELECT -amount FROM share WHERE policy = 'linear' AND refund_id > 0 ORDER BY content"
    assert [amount for (amount,) in rows(market, taken)] == vectors[name]["published_output"]


# The sale's one share gives way to the published ones.
_AS_PUBLISHED = text(
    "INSERT INTO share (purchase_id, policy, refund_id, content, creator, product, seller, category, kind, region,"
    " price, amount, units, orders, currency, occurred_at, day)"
    " SELECT purchase_id, policy, -1, f.content, creator, product, seller, category, kind, region, price,"
    " f.amount - CASE f.content WHEN s.content THEN s.amount ELSE 0 END, 0, 0, currency, occurred_at, day FROM share s"
    " CROSS JOIN unnest(CAST(:contents AS text[]), CAST(:amounts AS bigint[])) AS f (content, amount)"
    " WHERE policy = 'linear'"
)
_REFUND = text(
    "INSERT INTO refund (event_id, purchase_id, order_ref, product, amount, occurred_at, batch_id)"
    " SELECT 'x', id, order_ref, product, :amount, occurred_at, batch_id FROM purchase"
)


def _set_amount(owner: Engine, micros: int) -> None:
    """Less than a minor unit can be sold of nothing, so the door refuses what some of the examples need."""
    with transaction(owner) as session:
        session.execute(text("UPDATE purchase SET amount = :micros"), {"micros": micros})
