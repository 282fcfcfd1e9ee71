"""A self-employed person's receipt that does not come holds what comes next (RU4)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from payout_world import World
from sqlalchemy import text
from tax_world import pay

from core.database import transaction
from payouts.read import payable, why_not
from payouts.receipt_days import due_on, receipts_before
from payouts.receipts import list_overdue, list_receipts, record_receipt

ZONE = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("today", "before"),
    [
        ("2026-11-09", "2026-10-01"),
        ("2026-11-10", "2026-11-01"),
        ("2027-01-09", "2026-12-01"),
        ("2027-01-10", "2027-01-01"),
        ("2026-12-31", "2026-12-01"),
        ("2027-01-01", "2026-12-01"),
    ],
)
def test_what_is_due(today: str, before: str) -> None:
    assert receipts_before(date.fromisoformat(today)) == date.fromisoformat(before)


def test_every_day_agrees_with_its_deadline() -> None:
    for number in range(800):
        paid = date(2026, 1, 1) + timedelta(days=number)
        due = due_on(paid)
        assert paid >= receipts_before(due) and paid < receipts_before(due + timedelta(days=1))


def self_employed(world: World, name: str) -> None:
    world.creator(name, "10.00")
    with transaction(world.engine) as session:
        session.execute(
            text("UPDATE payee SET tax_status = 'self_employed' WHERE creator = :id"), {"id": name}
        )


def test_a_missing_receipt_holds_the_next_payout(world: World) -> None:
    self_employed(world, "c1")
    world.creator("other", "10.00")
    world.now = datetime(2026, 11, 30, 23, 59, tzinfo=ZONE)
    paid = pay(world)
    world.earn("c1", "20.00")
    world.earn("other", "20.00")
    world.now = datetime(2026, 12, 9, 23, 59, tzinfo=ZONE)
    assert world.do(payable, "c1", "RUB", world.now).amount == "20.00"
    assert world.do(list_overdue, world.now) == []
    world.now = datetime(2026, 12, 10, 0, 0, tzinfo=ZONE)
    assert world.do(payable, "c1", "RUB", world.now).amount == "0.00"
    assert world.do(why_not, "c1", "RUB", world.now) == "receipt_missing"
    [missing] = world.do(list_overdue, world.now)
    assert (missing.payout, missing.due_on, missing.overdue) == (paid["c1"].id, date(2026, 12, 9), True)
    assert [payout.creator for payout in world.payouts(world.drafted())] == ["other"]

    given = (paid["c1"].id, "200n2rc2k1", "https://lknpd.nalog.ru/x", "anna", world.now)
    kept = world.do(record_receipt, *given)
    assert (kept.number, kept.overdue) == ("200n2rc2k1", False) and world.do(record_receipt, *given) == kept
    assert world.do(list_receipts, world.now, creator="c1") == [kept]
    assert world.do(list_overdue, world.now) == []
    assert world.refused(record_receipt, given[0], "other", None, "anna", world.now) == "receipt_recorded"
    assert [payout.creator for payout in world.payouts(world.drafted())] == ["c1"]


def test_which_payouts_have_receipts(world: World) -> None:
    self_employed(world, "c1")
    world.creator("c2", "10.00")
    one, two = world.payouts(world.drafted())
    assert world.refused(record_receipt, one.id, "1", None, "anna", world.now) == "payout_not_paid"
    assert world.refused(record_receipt, two.id, "1", None, "anna", world.now) == "receipt_not_needed"
    assert world.refused(record_receipt, "po_x", "1", None, "anna", world.now) == "not_found"
    for number, link in (("", None), ("1\n", None), ("1", "javascript:alert(1)"), ("1", "https://a b")):
        assert world.refused(record_receipt, one.id, number, link, "anna", world.now) == "bad_receipt"
    assert world.refused(list_overdue, world.now, after="x") == "bad_cursor"
