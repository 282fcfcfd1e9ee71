"""Every model, scope and window: the database against plain Python on random journeys, and each sale's explanation."""

import itertools
from typing import Any

import pytest
from attribution_market import SETTINGS, rows, send
from attribution_oracle import UNIT, moment
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from models_oracle import Rule, Shop, decay, earned, left_after
from models_world import CONTENTS, JOURNEY, NOW, RULES, events_of, open_shop, rule_of
from sqlalchemy import Engine, text

from attribution.attribute import attribute
from attribution.sale import SaleAttribution, sale_attribution
from attribution.sale_outcome import SaleOutcome
from attribution.take_back import take_back
from core.database import transaction

POLICIES = sorted([*RULES, "moving"])
_DOUBT = text(
    "INSERT INTO suspect (event_id, occurred_at, kind, viewer, content, product, rule, detail, state, decided_at)"
    " SELECT event_id, occurred_at, kind, viewer, content, product, 'test', '', CAST(:state AS text),"
    " CASE WHEN :state <> 'open' THEN now() END FROM touch WHERE event_id = :id"
)
_SHARES = (
    "SELECT p.event_id, s.policy, r.event_id AS refund, s.content, s.creator, s.amount, s.units, s.orders FROM share s"
    " JOIN purchase p ON p.id = s.purchase_id LEFT JOIN refund r ON r.id = s.refund_id"
)
_REFUNDS = "SELECT p.event_id, r.event_id, r.amount, coalesce(r.quantity, 0) FROM refund r JOIN purchase p ON p.id = r.purchase_id ORDER BY r.id"
_OUTCOMES = "SELECT p.event_id, a.policy, a.outcome, a.touch_id FROM attribution a JOIN purchase p ON p.id = a.purchase_id"


class Journeys:
    """Journeys sent to one database, example after example."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.shop = engine, open_shop(engine)
        self.numbers = itertools.count(1)
        self.touches: dict[str, list[dict[str, Any]]] = {}
        self.sales: dict[str, dict[str, Any]] = {}

    def travel(self, journeys: list[dict[str, Any]]) -> list[str]:
        """Send them and run attribution; the ids of their purchases."""
        made = [events_of(journey, next(self.numbers)) for journey in journeys]
        send(self.engine, [event for _, touches, _, _ in made for event in touches], NOW, backfill=True)
        with transaction(self.engine) as session:
            for event_id, state in [doubt for _, _, doubts, _ in made for doubt in doubts]:
                session.execute(_DOUBT, {"id": event_id, "state": state})
                self.shop.doubted |= {event_id} if state != "cleared" else set()
        send(
            self.engine,
            [event for sale, _, _, refunds in made for event in (sale, *refunds)],
            NOW,
            backfill=True,
        )
        with transaction(self.engine) as session:
            while attribute(session, NOW, SETTINGS):
                pass
            while take_back(session):
                pass
        for sale, touches, _, _ in made:
            self.sales[sale["id"]] = sale
            for touch in touches:
                self.touches.setdefault(touch["viewer"], []).append(touch)
        return [sale["id"] for sale, _, _, _ in made]


def compare(given: Journeys, ids: list[str]) -> None:
    """Outcomes and shares of these purchases under every policy."""
    outcomes = {tuple(row[:2]): tuple(row[2:]) for row in rows(given.engine, _OUTCOMES) if row[0] in ids}
    assert sorted(outcomes) == sorted(itertools.product(ids, POLICIES))
    shares: dict[Any, dict[str, Any]] = {}
    for sale_id, policy, refund_id, content, creator, *parts in rows(given.engine, _SHARES):
        assert creator == CONTENTS[content]
        shares.setdefault((sale_id, policy, refund_id), {})[content] = tuple(parts)
    refunds: dict[str, list[Any]] = {}
    for sale_id, refund_id, worth, back in rows(given.engine, _REFUNDS):
        refunds.setdefault(sale_id, []).append((refund_id, worth, back * UNIT))
    for sale_id, policy in outcomes:
        sale = given.sales[sale_id]
        made = earned(
            given.shop, sale, given.touches.get(sale.get("viewer"), []), rule_of(policy, moment(sale))
        )
        assert outcomes[sale_id, policy] == (made.outcome, made.touch), (sale, policy)
        assert shares.get((sale_id, policy, None), {}) == made.parts, (sale, policy)
        back = refunds.get(sale_id, [])
        for (refund_id, *_), parts in zip(
            back, left_after(made.parts, [(worth, units) for _, worth, units in back]), strict=True
        ):
            wanted = {content: (-amount, -units, 0) for content, (amount, units) in parts.items()}
            assert shares.get((sale_id, policy, refund_id), {}) == wanted, (sale, policy, refund_id)


def explain(given: Journeys, sale_id: str) -> None:
    """The explanation says of each touch what plain Python says, and its shares are those that stand."""
    sale = given.sales[sale_id]
    with transaction(given.engine) as session:
        told: SaleAttribution = sale_attribution(session, sale["order"], sale["product"])
    assert told.anonymous == ("viewer" not in sale)
    for outcome in told.policies:
        rule = rule_of(outcome.policy, moment(sale))
        made = earned(given.shop, sale, given.touches.get(sale.get("viewer"), []), rule)
        check_touches(outcome, made)
        stands = [share for share in outcome.shares if share.refund is None]
        assert {s.content: (s.amount.micros, s.units, s.orders) for s in stands} == made.parts
        totals: dict[str | None, int] = {}
        for touch in outcome.touches:
            if touch.weight is not None:
                totals[touch.content] = totals.get(touch.content, 0) + touch.weight
        assert {s.content: s.weight for s in stands} == totals
        assert outcome.version is not None
        assert (outcome.version.model, outcome.version.scope) == (rule.model, rule.scope)
    assert [outcome.policy for outcome in told.policies] == POLICIES


def check_touches(outcome: SaleOutcome, made: Any) -> None:
    assert (outcome.outcome, outcome.touch, outcome.agrees) == (made.outcome, made.touch, True)
    assert {t.id: t.weight for t in outcome.touches if t.taken} == made.weights
    assert {t.id: t.reason for t in outcome.touches if not t.taken} == made.reasons
    assert outcome.touch_count == len(outcome.touches)
    order = [(t.occurred_at, t.type == "click", t.id.encode()) for t in outcome.touches]
    assert order == sorted(order)


@pytest.mark.parametrize(("rows_a_probe", "examples"), [(10**9, 12), (-1, 12)], ids=["bulk", "few"])
def test_every_model_agrees_with_plain_python(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rows_a_probe: int, examples: int
) -> None:
    """The rules are proved in bulk; the few prove that the other way to read touches finds the same ones."""
    monkeypatch.setattr("attribution.attribute.ROWS_A_PROBE", rows_a_probe)  # which of the two plans is taken
    given_so_far = Journeys(engine)

    # Not shrunk: the journeys of all examples stand in one database, so none can be tried again as it was.
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(JOURNEY, min_size=12, max_size=20))
    def check(journeys: list[dict[str, Any]]) -> None:
        ids = given_so_far.travel(journeys)
        compare(given_so_far, ids)
        explain(given_so_far, ids[0])

    check()
    kinds = {policy: set() for policy in POLICIES}
    for _, policy, outcome, _ in rows(engine, _OUTCOMES):
        kinds[policy].add(outcome)
    assert all(found == {"click", "view", "none"} for found in kinds.values()), kinds


def test_the_weights_of_time_decay_are_exact(engine: Engine) -> None:
    """Each of the first week is the nearest integer to 10^18 * 2^(-h/168) (scaled), and a week more is half of it."""
    stored = {hours: int(weight) for hours, weight in rows(engine, "SELECT hours, weight FROM decay_weight")}
    assert sorted(stored) == list(range(8761))
    for hours in range(168):
        nearest, rest = divmod(stored[hours], 2**52)
        assert rest == 0 and nearest == decay(hours) >> 52
        assert (2 * nearest - 1) ** 168 << hours <= (2 * 10**18) ** 168 < (2 * nearest + 1) ** 168 << hours
    assert all(stored[hours] == 2 * stored[hours + 168] for hours in range(8761 - 168))


def test_plain_python_itself_on_a_sale_worked_out_by_hand() -> None:
    """Three half hours, two contents. Micros of 10.00."""
    at = NOW.replace(hour=12)
    spans = {(content, "p"): [(at.replace(hour=0), None)] for content in "ab"}
    shop = Shop(spans, {"a": ("r1", ""), "b": ("r2", "")}, sellers={"p": "s"})
    sale = {"product": "p", "viewer": "u", "occurred_at": at.isoformat(), "amount": "10.00", "quantity": 1}
    when = [("view", "a", 10, 0), ("click", "a", 10, 29), ("view", "b", 10, 30), ("view", "a", 11, 0)]
    touches = [
        {"id": str(i), "viewer": "u", "type": kind, "content": content, "product": "p"}
        | {"occurred_at": at.replace(hour=hour, minute=minute).isoformat()}
        for i, (kind, content, hour, minute) in enumerate(when)
    ]

    def amounts(model: str) -> dict[str, int]:
        made = earned(shop, sale, touches, Rule(model, "product", 24, 24))
        return {content: part[0] for content, part in made.parts.items()}

    assert amounts("last_touch") == amounts("first_touch") == {"a": 10_000_000}
    assert amounts("linear") == {"a": 6_666_667, "b": 3_333_333}
    assert amounts("position_based") == {"a": 8_000_000, "b": 2_000_000}
