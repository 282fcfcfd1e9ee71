"""Versions: drafted, started, by two people if need be, and frozen."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest
from reward_world import START, World, rub
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.database import transaction
from core.errors import Refused
from core.settings import load_settings
from rewards.activate import activate_version, approve_version
from rewards.versions import Version, draft_version, get_version

SALE = {"name": "commission", "grain": "sale", "amount": "amount * 5%", "on_shortfall": "wait"}
TEN = SALE | {"amount": "amount * 10%"}
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
LATER = date(2026, 11, 12)


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, NOW)
    made.creators("a", "b")
    for content, creator in {"a1": "a", "b1": "b"}.items():
        made.content(content, creator)
    return made


def draft(world: World, rules: list[dict[str, Any]], since: date = LATER) -> Version:
    with transaction(world.engine) as session:
        return draft_version(session, "prog", since, rules, "Olga")


def start(world: World, number: int, confirm: tuple[str, ...] = (), **settings: str) -> Version:
    given = load_settings({"KOPECK_HOME": "/nonexistent"} | settings)
    with transaction(world.engine) as session:
        return activate_version(session, "prog", number, "Olga", world.now, given, confirm)


def approve(world: World, number: int, person: str) -> Version:
    with transaction(world.engine) as session:
        return approve_version(session, "prog", number, person, world.now, world.settings)


def refused(call: Any, *args: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*args, **more)
    return caught.value


def test_a_version_says_what_was_drafted(world: World) -> None:
    world.fund()
    world.program([SALE])
    caps = [{"per": "creator_day", "amount": rub("5.00")}, {"per": "program_month", "amount": rub("90.00")}]
    pool = {"amount": rub("100.50"), "per": "month", "weight": "views", "top": 3}
    rules = [
        TEN | {"where": "category = 'home'", "caps": caps, "on_shortfall": "prorate"},
        {"name": "stars", "grain": "creator_day", "pool": pool, "on_shortfall": "wait"},
    ]
    made = draft(world, rules)
    assert made.rules == rules
    assert (made.number, made.state, made.drafted_by, made.effective_from) == (2, "draft", "Olga", LATER)
    again = draft(world, made.rules)
    assert (again.number, again.rules) == (3, rules)


def test_only_a_draft_starts_and_a_day_starts_one_version(world: World) -> None:
    world.fund()
    world.program([SALE])
    assert refused(start, world, 1).code == "version_not_draft"
    assert start(world, draft(world, [TEN]).number).state == "active"
    assert refused(start, world, draft(world, [SALE]).number).code == "version_date_taken"
    for day in (date(2026, 11, 10), date(2026, 11, 2)):
        assert refused(start, world, draft(world, [TEN], day).number).code == "version_in_the_past"


def test_a_day_of_which_something_is_priced_has_begun(world: World) -> None:
    """A sale may come from a clock that is minutes ahead: then its day is already computed by the version before."""
    world.fund()
    world.program([SALE])
    world.sale("o1", "a1", LATER, "100.00")
    world.run()
    number = draft(world, [TEN]).number
    assert refused(start, world, number).code == "version_day_has_begun"
    assert start(world, draft(world, [TEN], date(2026, 11, 13)).number).state == "active"


def test_a_day_of_a_shared_figure_has_begun_too(world: World) -> None:
    world.fund()
    world.program([{"name": "reach", "grain": "content_day", "amount": "views"}])
    world.tally("a1", LATER, views=5)
    world.now = datetime(2026, 11, 13, 9, tzinfo=UTC)
    world.run()
    world.now = NOW
    assert refused(start, world, draft(world, [TEN]).number).code == "version_day_has_begun"


def test_a_sale_that_the_version_before_paid_nothing_for_is_looked_at_again(world: World) -> None:
    world.fund()
    world.program([SALE | {"where": "category = 'books'"}])
    world.sale("o1", "a1", LATER, "100.00")
    world.run()
    start(world, draft(world, [TEN]).number)
    world.run()
    assert world.balance("a:pending") == "10.00"


def test_a_start_in_the_past_prices_whole_months_too(world: World) -> None:
    world.fund()
    world.content("a0", "a", date(2026, 10, 3))
    world.tally("a0", date(2026, 10, 3), views=100)
    world.tally("b1", date(2026, 11, 2), views=100)
    world.run()
    assert world.sql("SELECT count(*) FROM changed_month WHERE month < '2026-11-01'").scalar() == 0
    month = {"name": "monthly", "grain": "creator_month", "amount": "views + posts * 1000"}
    world.program([month], since=date(2026, 10, 1))
    world.run()
    assert [world.balance(f"{each}:available") for each in "ab"] == ["1100.00", "0.00"]
    world.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    world.run()
    # November: a posted once more, b posted once and was seen a hundred times.
    assert [world.balance(f"{each}:available") for each in "ab"] == ["2100.00", "1100.00"]


def test_above_the_limit_another_person_starts_it(world: World) -> None:
    world.fund(line="100.00", per="day")
    world.program([SALE])
    number = draft(world, [TEN]).number
    proposed = start(world, number, KOPECK_ACTIVATION_LIMIT="2999")
    assert (proposed.state, proposed.proposed_by, proposed.activated_by) == ("proposed", "Olga", None)
    assert refused(start, world, number).code == "version_not_draft"
    assert refused(approve, world, number, " olga").code == "own_version"
    done = approve(world, number, "Oleg")
    assert (done.state, done.proposed_by, done.activated_by) == ("active", "Olga", "Oleg")
    assert refused(approve, world, number, "Oleg").code == "version_not_proposed"
    # November has 30 days: 3,000 a month is not above 3,000.
    assert start(world, draft(world, [SALE], date(2026, 11, 20)).number, KOPECK_ACTIVATION_LIMIT="3000").state == "active"  # fmt: skip


def test_what_was_proposed_may_have_become_impossible(world: World) -> None:
    world.fund()
    world.program([SALE])
    first, second = draft(world, [TEN]).number, draft(world, [TEN]).number
    for number in (first, second):
        assert start(world, number, KOPECK_ACTIVATION_LIMIT="0").state == "proposed"
    approve(world, first, "Oleg")
    assert refused(approve, world, second, "Oleg").code == "version_date_taken"
    third = draft(world, [TEN], date(2026, 11, 14)).number
    start(world, third, KOPECK_ACTIVATION_LIMIT="0")
    world.later(days=4)
    assert refused(approve, world, third, "Oleg").code == "version_in_the_past"


def test_the_first_version_may_need_two_people_and_still_counts_from_the_past(world: World) -> None:
    world.fund()
    world.sale("o1", "a1", date(2026, 11, 5), "100.00")
    world.program([SALE], id="other", since=date(2026, 11, 30))
    world.sql(
        "INSERT INTO program (id, name, currency, policy, hold_days, open, fund, line)"
        " SELECT 'prog', name, currency, policy, hold_days, open, fund, line FROM program WHERE id = 'other'"
    )
    start(world, draft(world, [TEN], START).number, KOPECK_ACTIVATION_LIMIT="0")
    world.run()
    assert world.balance("a:available") == "0.00"
    approve(world, 1, "Oleg")
    world.run()
    assert world.balance("a:available") == "10.00"


POOLS = {  # what the line is given 100.00 per -> pools, and whether they are more
    "once": [("100.00", "month", False), ("100.01", "month", True), ("100.01", "day", True)],
    "month": [("100.00", "month", False), ("100.01", "month", True), ("3.33", "day", False), ("3.34", "day", True)],
    "day": [("100.00", "day", False), ("100.01", "day", True), ("3000.00", "month", False), ("3000.01", "month", True)],
}  # fmt: skip


@pytest.mark.parametrize("per", POOLS)
def test_a_pool_above_its_lines_allocation_must_be_confirmed(world: World, per: str) -> None:
    world.fund(line="100.00", per=per)
    world.program([SALE])
    for since, (pool, period, above) in enumerate(POOLS[per], start=12):
        shared = {"amount": rub(pool), "per": period, "weight": "views"}
        stars = {"name": "stars", "grain": "creator_day", "pool": shared}
        number = draft(world, [stars], date(2026, 11, since)).number
        if above:
            _must_confirm(
                world,
                number,
                f"{pool} RUB a {period}",
                "100.00 RUB" + (" once" if per == "once" else f" a {per}"),
            )
        assert start(world, number, ("pool_above_allocation",) if above else ()).state == "active"


def _must_confirm(world: World, number: int, *told: str) -> None:
    refusal = refused(start, world, number)
    [warning] = refusal.fields["warnings"]  # type: ignore[misc]
    assert (refusal.code, warning["code"]) == ("needs_confirmation", "pool_above_allocation")
    assert all(each in warning["detail"] for each in told), warning


CHANGES = [
    "UPDATE rule SET amount = 'amount'",
    "DELETE FROM rule_cap",
    "DELETE FROM rule",
    "DELETE FROM program_version",
    "TRUNCATE program_version CASCADE",
    "UPDATE rule_cap SET amount = 1",
    "UPDATE program_version SET state = 'draft'",
    "UPDATE program_version SET activated_by = 'x'",
    "UPDATE program_version SET effective_from = '2026-01-01'",
    "INSERT INTO rule (version_id, name, grain, amount) SELECT version_id, 'more', grain, amount FROM rule",
    "INSERT INTO rule (version_id, name, grain) SELECT version_id, 'rate_protection', 'creator_day' FROM rule",
    "INSERT INTO rule_cap (rule_id, per, amount) SELECT id, 'program_day', 1 FROM rule",
]


def test_an_active_version_is_frozen_for_the_application_and_for_the_owner(
    world: World, owner: Engine
) -> None:
    world.fund()
    world.program([SALE | {"caps": [{"per": "creator_day", "amount": rub("5.00")}]}])
    with transaction(world.engine) as session:
        before = get_version(session, "prog", 1)
    for engine, change in itertools.product((world.engine, owner), CHANGES):
        with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
            connection.execute(text(change))
        assert caught.value.orig.pgcode == "42501", change  # type: ignore[union-attr]
    with transaction(world.engine) as session:
        assert get_version(session, "prog", 1) == before


def test_what_is_proposed_does_not_change_before_it_is_approved(world: World) -> None:
    world.fund()
    world.program([SALE], rate_protection_days=5)
    number = draft(world, [TEN]).number
    start(world, number, KOPECK_ACTIVATION_LIMIT="0")
    of = f"FROM rule r JOIN program_version v ON v.id = r.version_id WHERE v.number = {number}"
    for added in (
        f"INSERT INTO rule (version_id, name, grain, amount) SELECT version_id, 'more', grain, r.amount {of}",
        f"INSERT INTO rule_cap (rule_id, per, amount) SELECT r.id, 'program_day', 1 {of}",
    ):
        with pytest.raises(DBAPIError, match="never change"):
            world.sql(added)
    assert approve(world, number, "Oleg").rules == [TEN]
