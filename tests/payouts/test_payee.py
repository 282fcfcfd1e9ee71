"""Who is paid where: verification, holds, masks, and what a change does to payouts on their way."""

import pytest
from payout_world import World
from sqlalchemy import text

from core.database import transaction
from core.money import Money
from payouts.approve import approve_run
from payouts.cancel import cancel_payout
from payouts.hold import release_payout
from payouts.payee import get_payee, hold_payee, mask, put_payee, release_payee, verify_payee
from payouts.read import get_payout, payable
from payouts.send import send_manual
from payouts.settings import get_settings, list_settings, put_settings

PLAIN = {"tax_status": "individual", "method": "manual", "destination": {"account": "40817810000000000c1"}}


def put(world: World, person: str = "creator", creator: str = "c1", **changed: object) -> object:
    return world.do(put_payee, world.vault, creator, **PLAIN | changed, person=person, now=world.now)


def test_a_change_must_be_verified_by_another(world: World) -> None:
    world.creator("c1", "10.00")
    assert world.do(payable, "c1", "RUB", world.now) == Money.parse("10.00", "RUB")
    world.pass_time(1)
    changed = put(world, "Carla", tax_status="self_employed")
    assert (changed.verified, changed.verified_by, changed.changed_by) == (False, None, "Carla")
    assert world.do(payable, "c1", "RUB", world.now) == Money.parse("0.00", "RUB")
    assert world.refused(verify_payee, world.vault, "c1", "carla ", world.now) == "own_change"
    world.do(verify_payee, world.vault, "c1", "boris", world.now)
    world.do(verify_payee, world.vault, "c1", "anna", world.now)
    assert world.do(get_payee, world.vault, "c1").verified_by == "boris"


def test_the_same_content_keeps_the_verification(world: World) -> None:
    world.creator("c1")
    before = world.do(get_payee, world.vault, "c1")
    world.pass_time(1)
    same = {"account": "4081781000000000c1"}
    assert put(world, destination=same) == before
    assert before.verified and not put(world, destination={"account": "4081781000000000c2"}).verified


def test_nobody_vouches_for_what_they_did_not_see(world: World) -> None:
    world.creator("c1", verified=False)
    seen = world.do(get_payee, world.vault, "c1").updated_at
    world.pass_time(1)
    put(world)
    with pytest.raises(Exception, match="changed after you looked"), transaction(world.engine) as session:
        verify_payee(session, world.vault, "c1", "boris", world.now, seen=seen)


def test_the_destination_is_masked_and_sealed(world: World) -> None:
    world.creator("c1", bank="Тинькофф", bik="04")
    payee = world.do(get_payee, world.vault, "c1")
    assert payee.destination == {"account": "**************00c1", "bank": "****кофф", "bik": "*4"}
    assert [mask(value) for value in ("", "1", "123456")] == ["", "*", "***456"]
    with transaction(world.engine) as session:
        assert b"4081" not in session.scalar(text("SELECT destination FROM payee"))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"tax_status": "rich"}, "bad_tax_status"),
        ({"method": "pigeon"}, "bad_method"),
        ({"destination": {}}, "bad_destination"),
        ({"destination": {"Account": "1"}}, "bad_destination"),
        ({"destination": {"account": ""}}, "bad_destination"),
        ({"destination": {"account": "1\n2"}}, "bad_destination"),
        ({"destination": {"account": "1" * 257}}, "bad_destination"),
        ({"destination": {f"f{i}": "1" for i in range(21)}}, "bad_destination"),
    ],
)
def test_a_bad_payee_is_refused(world: World, changed: dict, code: str) -> None:
    world.creator("c1")
    refused = world.refused(put_payee, world.vault, "c1", **PLAIN | changed, person="x", now=world.now)
    assert refused == code


def test_nobody_without_a_row(world: World) -> None:
    assert world.refused(put_payee, world.vault, "c1", **PLAIN, person="x", now=world.now) == "not_found"
    assert world.refused(get_payee, world.vault, "c1") == "not_found"
    assert world.refused(verify_payee, world.vault, "c1", "boris", world.now) == "not_found"
    assert world.refused(hold_payee, "c1", "why", "anna") == "not_found"


def test_what_changed_after_the_draft_is_held_not_sent(world: World) -> None:
    """What was approved is what is sent: to a changed destination nothing goes, to the old one neither (P21)."""
    for name in ("c1", "c2", "c3", "c4"):
        world.creator(name, "10.00")
    run = world.drafted()
    put(world)
    world.do(verify_payee, world.vault, "c1", "boris", world.now)
    world.do(hold_payee, "c2", "papers", "anna")
    with transaction(world.engine) as session:
        session.execute(text("UPDATE creator SET status = 'suspended' WHERE id = 'c3'"))
    world.do(approve_run, run.id, "boris", world.now)
    assert (world.do(send_manual, world.now).sent, world.do(send_manual, world.now)) == (1, None)
    one, two, three, four = world.payouts(run)
    reasons = [payout.hold_reason for payout in (one, two, three, four)]
    assert reasons == ["payee_changed", "payee_held", "creator_suspended", None]
    assert world.refused(release_payout, one.id, "anna") == "payee_changed"
    world.do(cancel_payout, one.id, "anna", world.now)
    assert world.do(payable, "c1", "RUB", world.now) == Money.parse("10.00", "RUB")
    world.do(release_payee, "c2", "anna")
    world.do(release_payout, two.id, "anna")
    world.do(release_payout, three.id, "anna")
    again = world.do(send_manual, world.now)
    assert (again.sent, again.held) == (1, 1)
    assert world.do(get_payout, three.id).hold_reason == "creator_suspended"


def test_settings_have_sane_defaults(world: World) -> None:
    for currency, minimum in (("RUB", "1.00"), ("JPY", "1")):
        found = world.do(get_settings, currency)
        assert (found.minimum.amount, found.provider, found.schedule, found.approval_limit) == (
            minimum,
            "manual",
            "manual",
            None,
        )
    assert world.refused(get_settings, "XXY") == "unknown_currency"


def test_settings_are_put_whole(world: World) -> None:
    new = {
        "schedule": "manual",
        "minimum": Money.parse("5.00", "RUB"),
        "provider": "manual",
        "approval_limit": Money.parse("9.00", "RUB"),
    }
    put = world.do(put_settings, "RUB", **new, now=world.now)
    assert world.do(get_settings, "RUB") == put and world.do(list_settings) == [put]
    for changed, code in (
        ({"minimum": Money.parse("0.00", "RUB")}, "not_positive"),
        ({"minimum": Money.parse("0.001", "RUB")}, "not_minor_units"),
        ({"minimum": Money.parse("1.00", "USD")}, "other_currency"),
        ({"approval_limit": Money.parse("-1.00", "RUB")}, "not_positive"),
        ({"provider": "pigeon"}, "unknown_provider"),
        ({"schedule": "hourly"}, "bad_schedule"),
    ):
        assert world.refused(put_settings, "RUB", **new | changed, now=world.now) == code
