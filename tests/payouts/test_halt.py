"""While a finding stands that nobody has acknowledged, no money leaves; what happened outside is recorded."""

from datetime import datetime

import pytest
from payout_world import World

from core.database import transaction
from core.errors import Unavailable
from core.settings import load_settings
from jobs import draft_payouts, send_payouts
from jobs.job import Context, Job
from jobs.run_now import run_now
from ledger.finding import Finding
from ledger.findings import acknowledge, record_run
from payouts.approve import approve_run
from payouts.cancel import cancel_run
from payouts.draft import draft_chunk
from payouts.request import request_run
from payouts.send import send_manual
from payouts.settle import settle

ASKED = {"currency": "RUB", "provider": "manual", "until": None, "person": "anna"}
SETTINGS = load_settings({"KOPECK_HOME": "/nonexistent"})


def halt(world: World, *, halts: bool = True) -> str:
    with transaction(world.engine) as session:
        found, _ = record_run(session, [], [Finding("x", "entry 1", "y", halts)], world.now, world.now)
    return found[0].id


def resume(world: World, finding: str) -> None:
    with transaction(world.engine) as session:
        acknowledge(session, finding, "carla", "looked at it", world.now)


def test_every_step_of_money_out_is_stopped_and_goes_on(world: World) -> None:
    for name in ("c1", "c2", "c3", "c4"):
        world.creator(name, "100.00")
    sent = world.sent(["c1"])
    drafted = world.drafted(["c2"])
    approved = world.drafted(["c3"])
    world.do(approve_run, approved.id, "boris", world.now)
    world.request(["c4"])

    finding = halt(world)
    assert world.refused(request_run, **ASKED, creators=["c1"], now=world.now) == "ledger_halted"
    assert world.refused(draft_chunk, world.now) == "ledger_halted"
    assert world.refused(approve_run, drafted.id, "boris", world.now) == "ledger_halted"
    assert world.refused(send_manual, world.now) == "ledger_halted"
    assert world.pots("c4") == ("100.00", "0.00", "0.00")
    [payout] = world.payouts(sent)
    assert world.do(settle, payout.id, "paid", "pp-1", "anna", world.now).state == "paid"

    resume(world, finding)
    assert world.draft() is not None
    assert world.do(approve_run, drafted.id, "boris", world.now).state == "approved"
    assert world.do(send_manual, world.now).sent == 1


def test_what_was_reserved_can_be_given_back_meanwhile(world: World) -> None:
    world.creator("c1", "100.00")
    run = world.drafted(["c1"])
    halt(world)
    assert world.do(cancel_run, run.id, "anna", world.now).state == "cancelled"
    assert world.pots("c1") == ("100.00", "0.00", "0.00")


def test_a_warning_stops_nothing(world: World) -> None:
    world.creator("c1", "100.00")
    halt(world, halts=False)
    world.sent(["c1"])


def test_the_refusal_names_the_finding_and_what_to_do(world: World, now: datetime) -> None:
    finding = halt(world)
    with pytest.raises(Unavailable) as caught, transaction(world.engine) as session:
        request_run(session, **ASKED, creators=None, now=now)
    assert caught.value.fields == {"finding": finding}
    for part in (finding, "x: entry 1: y", "/v1/ledger/acknowledge"):
        assert part in caught.value.detail
    assert caught.value.retry_after > 0


@pytest.mark.parametrize("job", [draft_payouts.JOB, send_payouts.JOB], ids=lambda job: job.name)
def test_the_jobs_say_why_they_do_nothing_and_only_when_something_waits(world: World, job: Job) -> None:
    context = Context(world.engine, SETTINGS, world.vault, now=lambda: world.now)
    finding = halt(world)
    assert run_now(context, job.name).state == "done"
    resume(world, finding)
    for name in ("c1", "c2"):
        world.creator(name, "100.00")
    run = world.drafted(["c1"])
    world.do(approve_run, run.id, "boris", world.now)
    world.request(["c2"])

    with transaction(world.engine) as session:
        found, _ = record_run(session, [], [Finding("x", "entry 2", "y")], world.now, world.now)
    failed = run_now(context, job.name)
    assert failed.state == "failed" and "entry 2" in (failed.error or "")
    resume(world, found[0].id)
    done = run_now(context, job.name)
    assert (done.state, done.counts["payouts"]) == ("done", 1)
