"""A creator whom a program suspended: nothing is drafted for it, nothing sent to it, until every cause has ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from payout_world import World
from sqlalchemy import text

from core.database import transaction
from payouts.approve import approve_run
from payouts.draft import draft_chunk
from payouts.hold import release_payout
from payouts.hold_creator import hold_creator, holds_of, release_creator
from payouts.payable import payable
from payouts.request import request_run
from payouts.send import send_manual

RUB = {"currency": "RUB", "provider": "manual", "until": None, "creators": None, "person": "anna"}


def hold(world: World, creator: str = "c1", program: str = "prog") -> None:
    world.do(hold_creator, creator, f"program:{program}", f"suspended in {program}", "olga", world.now)


def release(world: World, creator: str = "c1", program: str = "prog") -> None:
    world.do(release_creator, creator, f"program:{program}", world.now)


def test_nothing_is_payable_until_every_cause_has_ended(world: World) -> None:
    world.creator("c1", "10.00")
    world.creator("c2", "20.00")
    hold(world, program="a")
    hold(world, program="b")
    hold(world, program="b")  # holds already: it goes on
    assert world.do(payable, "c1", "RUB", world.now).amount == "0.00"
    assert world.do(holds_of, "c1") == ["suspended in a", "suspended in b"]
    assert world.refused(request_run, **RUB | {"creators": ["c1"]}, now=world.now) == "nothing_payable"
    assert [each.creator for each in world.payouts(world.drafted())] == ["c2"]
    release(world, program="a")
    assert world.do(payable, "c1", "RUB", world.now).amount == "0.00"
    release(world, program="b")
    release(world, program="b")
    assert (world.do(payable, "c1", "RUB", world.now).amount, world.do(holds_of, "c1")) == ("10.00", [])
    assert world.pots("c1") == ("10.00", "0.00", "0.00")


def test_held_again_after_a_release(world: World) -> None:
    world.creator("c1", "10.00")
    hold(world)
    release(world)
    world.now += timedelta(days=1)
    hold(world)
    assert world.do(payable, "c1", "RUB", world.now).amount == "0.00"
    with transaction(world.engine) as session:
        rows = session.execute(text("SELECT cause, since, until FROM creator_hold ORDER BY id")).all()
    assert [(row.since, row.until is None) for row in rows] == [
        (world.now - timedelta(days=1), False),
        (world.now, True),
    ]


def test_an_approved_payout_is_held_instead_of_sent_and_finance_lets_it_go(world: World) -> None:
    world.creator("c1", "10.00")
    world.creator("c2", "20.00")
    run = world.drafted()
    world.do(approve_run, run.id, "boris", world.now)
    hold(world)
    sent = world.do(send_manual, world.now)
    assert (sent.sent, sent.held) == (1, 1)
    one, two = world.payouts(run)
    assert (one.state, one.hold_reason, two.state) == ("held", "creator_held", "sent")
    assert world.pots("c1") == ("0.00", "10.00", "0.00")
    assert world.refused(release_payout, one.id, "anna") == "creator_held"
    release(world)
    world.do(release_payout, one.id, "anna")
    assert world.do(send_manual, world.now).sent == 1
    assert {each.state for each in world.payouts(run)} == {"sent"}


def test_a_hold_and_a_sending_race(world: World) -> None:
    """Whoever commits first decides: what was not sent when the hold was answered is never sent."""
    for i in range(12):
        world.creator(f"c{i}", "10.00")
        run = world.drafted([f"c{i}"])
        world.do(approve_run, run.id, "boris", world.now)
        with ThreadPoolExecutor(2) as pool:
            held = pool.submit(_hold_and_look, world, f"c{i}")
            sending = pool.submit(_send, world)
            at_answer = held.result()
            sending.result()
        [after] = world.payouts(run)
        assert after.state == at_answer, i
    assert world.proved()


def _hold_and_look(world: World, creator: str) -> str:
    """The state of the creator's payout as soon as the hold was committed; what is still reserved shall be held."""
    with transaction(world.engine) as session:
        hold_creator(session, creator, "program:prog", "suspended", "olga", world.now)
    with transaction(world.engine) as session:
        found = session.scalar(text("SELECT state FROM payout WHERE creator = :c"), {"c": creator})
    return "held" if found == "reserved" else str(found)


def _send(world: World) -> None:
    with transaction(world.engine) as session:
        send_manual(session, world.now)


def test_a_sending_that_has_looked_already_is_waited_for(world: World) -> None:
    """The exact interleaving: the sending has its locks and waits to commit, the hold comes, and is answered after it."""
    world.creator("c1", "10.00")
    run = world.drafted(["c1"])
    world.do(approve_run, run.id, "boris", world.now)
    with ThreadPoolExecutor(1) as pool:
        with transaction(world.engine) as sending:
            send_manual(sending, world.now)
            held = pool.submit(_hold_and_look, world, "c1")
            _wait_for_lock(world)
            assert not held.done()
        assert held.result() == "sent"


def test_a_hold_that_came_first_is_waited_for_by_the_sending(world: World) -> None:
    world.creator("c1", "10.00")
    run = world.drafted(["c1"])
    world.do(approve_run, run.id, "boris", world.now)
    with ThreadPoolExecutor(1) as pool:
        with transaction(world.engine) as holding:
            hold_creator(holding, "c1", "program:prog", "suspended", "olga", world.now)
            sending = pool.submit(_send, world)
            _wait_for_lock(world)
            assert not sending.done()
        sending.result()
    assert [each.state for each in world.payouts(run)] == ["held"]


def _wait_for_lock(world: World) -> None:
    with world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(100_000):
            if connection.scalar(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")):
                return
    raise AssertionError("nobody waits")


def test_drafting_against_a_hold(world: World) -> None:
    """Drafted before the hold or not at all; either way nothing is sent."""
    for i in range(8):
        world.creator(f"c{i}", "10.00")
        world.request([f"c{i}"])
        with ThreadPoolExecutor(2) as pool:
            drafting = pool.submit(_draft, world)
            pool.submit(hold, world, f"c{i}").result()
            drafting.result()
    with transaction(world.engine) as session:
        session.execute(text("UPDATE payout_run SET state = 'approved' WHERE state = 'draft'"))
    while world.do(send_manual, world.now):
        pass
    with transaction(world.engine) as session:
        assert set(session.scalars(text("SELECT DISTINCT state FROM payout"))) <= {"held"}


def _draft(world: World) -> None:
    with transaction(world.engine) as session:
        draft_chunk(session, world.now)
