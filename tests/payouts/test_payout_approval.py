"""Who may approve a run: never who drafted it or vouched for where its money goes; above the limit two."""

from payout_world import World
from sqlalchemy import text

from core.database import transaction
from core.money import Money
from payouts.approve import approve_run
from payouts.cancel import cancel_payout
from payouts.settings import put_settings


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


def test_own_approval_is_refused_by_name(world: World) -> None:
    """The same person with a second key, or written otherwise, is the same person (A10)."""
    world.creator("c1", "10.00")
    run = world.drafted()
    for name in ("anna", "Anna", " ANNA "):
        assert world.refused(approve_run, run.id, name, world.now) == "own_draft"


def test_who_vouched_for_a_destination_does_not_approve_it(world: World) -> None:
    world.creator("c1", "10.00")
    world.creator("c2", "10.00")
    run = world.drafted()
    for name in ("vera", " VERA"):
        assert world.refused(approve_run, run.id, name, world.now) == "own_verification"
    assert world.do(approve_run, run.id, "boris", world.now).state == "approved"


def test_nor_the_second_of_two(world: World) -> None:
    settings = {"schedule": "manual", "minimum": rub("1.00"), "provider": "manual"}
    world.do(put_settings, "RUB", **settings, approval_limit=rub("5.00"), now=world.now)
    world.creator("c1", "10.00")
    run = world.drafted()
    assert world.do(approve_run, run.id, "boris", world.now).state == "draft"
    assert world.refused(approve_run, run.id, "vera", world.now) == "own_verification"
    assert world.do(approve_run, run.id, "carla", world.now).state == "approved"


def test_a_destination_that_was_cancelled_is_nobody_s(world: World) -> None:
    world.creator("c1", "10.00")
    world.creator("c2", "10.00")
    with transaction(world.engine) as session:
        session.execute(text("UPDATE payee SET verified_by = 'wanda' WHERE creator = 'c2'"))
    run = world.drafted()
    assert world.refused(approve_run, run.id, "wanda", world.now) == "own_verification"
    world.do(cancel_payout, world.payouts(run)[1].id, "anna", world.now)
    assert world.do(approve_run, run.id, "wanda", world.now).state == "approved"


def test_a_run_above_the_limit_needs_two(world: World) -> None:
    limit = {
        "schedule": "manual",
        "minimum": rub("1.00"),
        "provider": "manual",
        "approval_limit": rub("100.00"),
    }
    world.do(put_settings, "RUB", **limit, now=world.now)
    world.creator("c1", "100.00")
    assert world.do(approve_run, world.drafted().id, "boris", world.now).state == "approved"
    world.creator("c2", "100.01")
    run = world.drafted()
    first = world.do(approve_run, run.id, "boris", world.now)
    assert (first.state, first.approved_by, first.approved_at) == ("draft", "boris", None)
    assert world.refused(approve_run, run.id, "Boris", world.now) == "own_approval"
    assert world.refused(approve_run, run.id, "anna", world.now) == "own_draft"
    second = world.do(approve_run, run.id, "carla", world.now)
    assert (second.state, second.approved_by, second.confirmed_by) == ("approved", "boris", "carla")


def test_lifting_the_limit_helps_no_run_that_was_asked_for_before(world: World) -> None:
    settings = {"schedule": "manual", "minimum": rub("1.00"), "provider": "manual"}
    world.do(put_settings, "RUB", **settings, approval_limit=rub("100.00"), now=world.now)
    world.creator("c1", "100.01")
    run = world.drafted()
    world.do(put_settings, "RUB", **settings, approval_limit=None, now=world.now)
    assert world.do(approve_run, run.id, "boris", world.now).state == "draft"
    assert world.do(approve_run, run.id, "carla", world.now).state == "approved"
