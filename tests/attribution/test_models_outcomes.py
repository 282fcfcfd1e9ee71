"""What docs/attribution.md states of odd orders of things, and what a sale's explanation says of each."""

from datetime import timedelta
from typing import Any

import pytest
from attribution_market import (
    LONG_AGO,
    NOW,
    SETTINGS,
    VAULT,
    add_contents,
    at,
    click,
    counts,
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

from attribution.attribute import attribute
from attribution.policies import add_version
from attribution.reattribute import reattribute
from attribution.sale import sale_attribution
from attribution.sale_outcome import SaleOutcome
from catalog.tables import content, creator
from core.database import transaction
from core.errors import Invalid, Refused

H = timedelta(hours=1)


@pytest.fixture
def market(engine: Engine) -> Engine:
    stock(engine, contents=3)
    tag(engine, "c1", "p1")
    tag(engine, "c2", "p1")
    return engine


def told(engine: Engine, policy: str = "default", order: str = "o", product: str = "p1") -> SaleOutcome:
    with transaction(engine) as session:
        outcomes = sale_attribution(session, order, product).policies
    [found] = [outcome for outcome in outcomes if outcome.policy == policy]
    return found


def reasons(outcome: SaleOutcome) -> dict[str, str | None]:
    return {touch.id: touch.reason for touch in outcome.touches}


def add(engine: Engine, policy: str, model: str, since: Any = LONG_AGO, now: Any = NOW, **more: Any) -> None:
    with transaction(engine) as session:
        add_version(
            session, policy, model=model, scope=more.pop("scope", "product"), click_window_hours=720,
            view_window_hours=24, effective_from=since, by="Olga", now=now, **more,
        )  # fmt: skip


def test_a_view_of_unknown_content_earns_once_its_content_is_known(market: Engine) -> None:
    assert counts(send(market, [view("v", content="c9"), purchase("b", "o")])) == (1, 0, 0, 1, 0)
    add_contents(market, 9)
    tag(market, "c9", "p1")
    run_jobs(market)
    assert (told(market).outcome, told(market).touch) == ("view", "v")


def test_a_tag_set_after_the_click_earns_nothing(market: Engine) -> None:
    tag(market, "c3", "p1", since=NOW - 2.5 * H)
    send(market, [click("k", content="c3", when=at(hours=3)), purchase("b", "o")])
    run_jobs(market)
    assert (told(market).outcome, reasons(told(market))) == ("none", {"k": "tag_not_standing"})


def test_a_content_deleted_between_click_and_purchase_earns(market: Engine) -> None:
    tag(market, "c3", "p1", until=NOW - 2.5 * H)
    with transaction(market) as session:
        session.execute(content.update().where(content.c.id == "c3").values(deleted_at=NOW - 2.5 * H))
    send(market, [click("k", content="c3"), purchase("b", "o")])
    run_jobs(market)
    assert [share.content for share in told(market).shares] == ["c3"]


def test_a_purchase_of_a_product_nobody_tagged_is_nobodys(market: Engine) -> None:
    send(market, [click("k", product="p2"), view("v"), purchase("b", "o", product="p2")])
    send(market, [refund("x", "o", product="p2", quantity=1)])
    run_jobs(market)
    outcome = told(market, product="p2")
    assert (outcome.outcome, outcome.shares) == ("none", [])
    assert reasons(outcome) == {"k": "not_in_scope", "v": "not_in_scope"}


def test_a_refund_before_its_purchase_is_taken_back_when_it_comes(market: Engine) -> None:
    assert counts(send(market, [refund("x", "o", quantity=1)]))[3] == 1
    send(market, [click("k"), purchase("b", "o")])
    run_jobs(market)
    assert [(s.refund, s.amount.micros) for s in told(market).shares] == [(None, 10**8), ("x", -(10**8))]


def test_a_creator_suspended_in_between_still_has_the_share(market: Engine) -> None:
    send(market, [click("k"), purchase("b", "o")])
    with transaction(market) as session:
        session.execute(creator.update().values(status="suspended"))
    run_jobs(market)
    assert [share.creator for share in told(market).shares] == ["r1"]


def test_a_sale_not_yet_attributed_says_so_and_shows_its_touches(market: Engine) -> None:
    add(market, "later", "linear", since=NOW)
    send(market, [click("k"), view("v", content="c2"), purchase("b", "o", viewer="u1")])
    outcome = told(market)
    assert (outcome.outcome, outcome.agrees, outcome.shares) == ("waiting", None, [])
    assert reasons(outcome) == {"k": None, "v": "beaten"}
    run_jobs(market)
    assert told(market).outcome == "click"
    before = told(market, "later")
    assert (before.outcome, before.version, before.touches) == ("not_in_force", None, [])


def test_a_touch_that_comes_after_attribution_has_no_part(market: Engine) -> None:
    send(market, [view("v", content="c2"), purchase("b", "o")])
    run_jobs(market)
    send(market, [click("k")], now=NOW + timedelta(days=300), backfill=True)
    run_jobs(market)
    outcome = told(market)
    assert (outcome.outcome, outcome.agrees, reasons(outcome)) == (
        "view",
        True,
        {"v": None, "k": "came_later"},
    )


def test_own_content_drops_out_and_others_earn(market: Engine) -> None:
    add(market, "all", "linear")
    send(market, [click("own", viewer="self1"), view("v", viewer="self1", content="c2")])
    send(market, [purchase("b", "o", viewer="self1")])
    run_jobs(market)
    for policy in ("default", "all"):
        outcome = told(market, policy)
        assert reasons(outcome) == {"own": "own_content", "v": None}
        assert [share.creator for share in outcome.shares] == ["r2"]


def test_a_looped_clip_gains_nothing(market: Engine) -> None:
    add(market, "all", "linear")
    looped = [view(f"v{n}", when=at(hours=3, seconds=-n)) for n in range(50)]
    send(market, [*looped, view("other", content="c2", when=at(hours=4)), purchase("b", "o")])
    run_jobs(market)
    outcome = told(market, "all")
    assert [share.amount.micros for share in outcome.shares] == [50_000_000, 50_000_000]
    assert sum(touch.reason == "same_half_hour" for touch in outcome.touches) == 49


def test_very_many_touches_are_counted_and_a_thousand_shown(market: Engine) -> None:
    views = [view(f"v{n}", when=at(hours=25, milliseconds=-n)) for n in range(1200)]
    send(market, [click("first", when=at(days=6)), *views, purchase("b", "o")])
    run_jobs(market)
    outcome = told(market)
    assert (outcome.touch_count, len(outcome.touches)) == (1201, 1000)
    assert (outcome.touches[0].id, outcome.touches[0].taken, outcome.touch) == ("first", True, "first")


def test_a_purchase_goes_by_the_version_in_force_when_it_was_made(market: Engine) -> None:
    add(market, "moving", "first_touch", now=LONG_AGO)
    add(market, "moving", "last_touch", since=NOW - 2 * H, now=LONG_AGO)
    touches = [click("a", when=at(hours=5)), click("b", content="c2", when=at(hours=4))]
    send(market, [*touches, purchase("b1", "o", when=at(hours=2, microseconds=1)), purchase("b2", "o2")])
    run_jobs(market)
    found = [told(market, "moving", order) for order in ("o", "o2")]
    assert [(each.version.version, each.touch) for each in found if each.version] == [(1, "a"), (2, "b")]


def test_a_later_version_is_in_the_future_and_after_the_others(market: Engine) -> None:
    add(market, "new", "linear", since=NOW - 400 * 24 * H)
    for since in (NOW - H, NOW):
        with pytest.raises(Refused, match="future"):
            add(market, "new", "linear", since=since)
    add(market, "new", "linear", since=NOW + 2 * H)
    with pytest.raises(Refused, match="future"):
        add(market, "new", "linear", since=NOW + H)
    with pytest.raises(Invalid, match="Models"):
        add(market, "new", "magic")


def test_a_doubted_touch_of_the_same_content_is_named_anew(market: Engine) -> None:
    """The click is doubted, the view of the same content still earns the same share: no new generation, but its name."""
    send(market, [click("k"), view("v"), purchase("b", "o")])
    run_jobs(market)
    with transaction(market) as session:
        session.execute(
            text(
                "INSERT INTO suspect (event_id, occurred_at, kind, viewer, content, product, rule, detail)"
                " SELECT event_id, occurred_at, kind, viewer, content, product, 'test', '' FROM touch WHERE kind = 2"
            )
        )
        session.execute(text("INSERT INTO reattribution SELECT id FROM purchase"))
    waiting = told(market)
    assert (waiting.outcome, waiting.agrees, reasons(waiting)) == (
        "click",
        False,
        {"k": "suspect", "v": None},
    )
    with transaction(market) as session:
        assert reattribute(session) == 1
        assert attribute(session, NOW, SETTINGS) == 0
    outcome = told(market)
    assert (outcome.outcome, outcome.touch, outcome.generation, outcome.agrees) == ("view", "v", 1, True)
    assert rows(market, "SELECT count(*) FROM share") == [(1,)]
    assert VAULT.pseudonym("u1") not in str(outcome)
