"""Every check of the payouts: silent on good rows, and the only one to speak when its promise is broken by hand."""

import pytest
from by_hand import FREE
from payout_world import World
from sqlalchemy import Engine, text

from core.database import transaction
from core.money import Money
from jobs.checks import CHECKS as ALL
from ledger import accounts
from ledger.post import credit, debit, post
from ledger.verify import run_checks
from payouts.cancel import cancel_payout
from payouts.checks import CHECKS
from payouts.settle import settle
from payouts.store import day_of

OUTCOMES = ("paid", "failed", "returned", "sent", "cancelled", "held")


@pytest.fixture
def settled(world: World) -> World:
    """A payout in every state, each of the creator whose name is the state."""
    for number, name in enumerate(OUTCOMES):
        world.creator(name, f"{100 + number}.00")
    for payout in world.payouts(world.sent(list(OUTCOMES[:4]))):
        if payout.creator != "sent":
            first = "failed" if payout.creator == "failed" else "paid"
            world.do(settle, payout.id, first, "pp-1", "anna", world.now)
        if payout.creator == "returned":
            world.do(settle, payout.id, "returned", "pp-2", "anna", world.now)
    cancelled, _ = world.payouts(world.drafted(["cancelled", "held"]))
    world.do(cancel_payout, cancelled.id, "anna", world.now)
    return world


def found(world: World) -> list[str]:
    with transaction(world.engine) as session:
        return [each.check for each in run_checks(session, ALL)]


PAID = "WHERE creator = 'paid'"
BREAKS: list[tuple[str, str, int]] = [
    ("payout_reserved_wrong", f"UPDATE payout SET entry_id = 999 {PAID}", 2),
    ("payout_settled_wrong", f"UPDATE payout SET state = 'failed' {PAID}", 2),
    ("payout_settled_wrong", f"UPDATE payout SET state = 'returned' {PAID}", 1),
    ("payout_settled_wrong", "UPDATE payout SET state = 'paid' WHERE creator = 'returned'", 1),
    ("payout_reversed_wrong", f"UPDATE payout SET reversed = 1 {PAID}", 1),
    ("payout_run_wrong", "UPDATE payout_run SET total = total + 1 WHERE id = 1", 1),
    ("payout_run_wrong", "UPDATE payout_run SET payout_count = payout_count - 1 WHERE id = 1", 1),
    ("payout_run_wrong", f"UPDATE payout SET run_id = 999 {PAID}", 2),
    ("payout_run_wrong", "DELETE FROM creator WHERE id = 'held'", 1),
]


@pytest.mark.parametrize(("check", "statement", "count"), BREAKS)
def test_a_broken_promise_is_found_by_its_check_alone(
    settled: World, owner: Engine, check: str, statement: str, count: int
) -> None:
    assert found(settled) == []
    with owner.begin() as connection:
        connection.execute(text(FREE))
        assert connection.execute(text(statement)).rowcount == 1
    assert found(settled) == [check] * count


def test_a_payout_that_went_back_by_a_word_alone_is_found(settled: World, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE payout SET state = 'cancelled' WHERE creator = 'sent'"))
    assert found(settled) == ["payout_transit_wrong", "payout_run_wrong"]


def test_every_check_was_broken() -> None:
    """Those of bank lines and top-ups are broken where these are tested."""
    elsewhere = {"payout_transit_wrong", "payout_tax_wrong"}
    ours = {check.name for check in CHECKS if check.name.startswith("payout_")}
    assert {name for name, *_ in BREAKS} | elsewhere == ours


@pytest.mark.parametrize(("kind", "wrong"), [("adjustment", []), ("other", ["payout_tax_wrong"])])
def test_tax_that_nobody_withheld_is_found(settled: World, kind: str, wrong: list[str]) -> None:
    one = Money.parse("1.00", "RUB")
    with transaction(settled.engine) as session:
        legs = [debit(accounts.OPENING, one), credit(accounts.tax("ndfl"), one)]
        post(session, key="by hand", kind=kind, effective_on=day_of(session, settled.now), legs=legs)
    assert found(settled) == wrong


@pytest.mark.parametrize(("kind", "wrong"), [("adjustment", []), ("other", ["payout_transit_wrong"])])
def test_what_a_person_posts_explains_itself_and_nothing_else_does(
    settled: World, kind: str, wrong: list[str]
) -> None:
    one = Money.parse("1.00", "RUB")
    with transaction(settled.engine) as session:
        post(
            session,
            key="by hand",
            kind=kind,
            effective_on=day_of(session, settled.now),
            legs=[debit(accounts.OPENING, one), credit(accounts.creator("paid", "in_transit"), one)],
        )
    assert found(settled) == wrong
