"""Payouts sent by real `kopeck work` processes that die, wait in vain and find a day gone: each leaves once."""

import resource
import sys
import threading
from contextlib import suppress

import psutil
import pytest
from payout_processes import Processes, all_payouts, eventually, once_each
from sqlalchemy import Engine, text
from stripe_world import StripeWorld

from payouts.cancel import cancel_payout
from payouts.request import request_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kills by /proc"),
]
A_LEASE = 130  # seconds after which a run and an attempt of one who died are anybody's


def test_p2_killed_on_receipt_and_started_again(live: StripeWorld, service: Processes) -> None:
    """Twice the worker is gone the moment Stripe has the call; the next one finds the transfer."""
    live.crowd(60)
    run = live.approved()
    for skip in (5, 11):
        dying = service.work()
        live.stripe.fault("kill", skip=skip, pid=dying.pid)
        assert dying.wait(120) == -9
        service.pass_time(A_LEASE)
    assert service.count(run)["sending"] > 0
    service.work()
    service.until(run, paid=60)
    assert once_each(live, run)


def test_p9_a_day_passes_while_the_process_is_down(live: StripeWorld, service: Processes) -> None:
    """The key is forgotten when it comes back: it looks first, adopts what stands, and sends nothing."""
    live.crowd(1)
    run = live.approved()
    dying = service.work()
    live.stripe.fault("kill", pid=dying.pid)
    assert dying.wait(120) == -9
    eventually(live.stripe.transfers)
    service.pass_time(25 * 3600)
    asked = len(live.stripe.log())
    service.work()
    service.until(run, paid=1)
    assert once_each(live, run)
    assert len(live.posts()) == 1
    payout = live.one(run)
    about = [each for each in live.stripe.log()[asked:] if payout.id in each["path"]]
    assert about[0]["path"].startswith("/v1/transfers?")


def test_p4_p6_one_of_a_hundred_is_not_answered_and_one_is_refused(
    live: StripeWorld, service: Processes
) -> None:
    """The 37th is executed and answered 500, another never answered: 98 are paid, and these two are found."""
    live.crowd(100)
    run = live.approved()
    live.stripe.fault("error_after", skip=36)
    live.stripe.fault("hang", skip=36, seconds=60)
    live.stripe.fault("error_before", match="GET .*", times=None)
    service.work()
    service.until(run, paid=98, unknown=2)
    payout = next(each for each in all_payouts(live, run) if each.state == "unknown")
    assert live.dollars(payout.creator)[:2] == ("0.00", "10.00")
    assert live.refused(cancel_payout, payout.id, "anna", live.now) == "payout_not_reserved"
    asked = {"currency": "USD", "provider": "stripe", "until": None, "creators": [payout.creator]}
    assert live.refused(request_run, **asked, person="anna", now=live.now) == "nothing_payable"
    live.stripe.control("clear_faults")
    service.pass_time(30)
    service.until(run, paid=100)
    assert once_each(live, run)
    assert "nothing to do" in service.kopeck("jobs", "run", "send_stripe")
    assert len(live.posts()) == 100


def test_r8_without_memory_and_then_killed(live: StripeWorld, service: Processes) -> None:
    """No page more for the worker in the middle of its run; whatever that does to it, it is killed in the end."""
    live.crowd(120)
    run = live.approved()
    live.stripe.control("set", latency=0.1)
    starved = service.work()
    eventually(lambda: len(live.stripe.transfers()) > 20)
    room = psutil.Process(starved.pid).memory_info().vms
    resource.prlimit(starved.pid, resource.RLIMIT_AS, (room, room))
    done = len(live.stripe.transfers())
    with suppress(AssertionError):
        eventually(lambda: starved.poll() is not None or len(live.stripe.transfers()) > done + 40, 5)
    starved.kill()
    starved.wait()
    service.pass_time(A_LEASE)
    service.work()
    service.until(run, paid=120)
    assert once_each(live, run)


def test_s3_nothing_is_sent_before_the_claim_is_on_disk(
    live: StripeWorld, service: Processes, owner: Engine
) -> None:
    """The commit of the claim is held up: Stripe hears nothing. The worker dies; the claim was its only trace."""
    live.crowd(5)
    run = live.approved()
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as keeper:
        keeper.execute(text("SELECT pg_advisory_lock(4711)"))
        keeper.execute(text("CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END'"))  # fmt: skip
        keeper.execute(text("CREATE CONSTRAINT TRIGGER gate AFTER UPDATE ON payout_attempt DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW WHEN (NEW.state = 'claimed') EXECUTE FUNCTION gate()"))  # fmt: skip
        waiting = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"
        )
        dying = service.work()
        eventually(lambda: keeper.scalar(waiting))
        assert not threading.Event().wait(1) and live.posts() == []
        dying.kill()
        dying.wait()
        keeper.execute(text("SELECT pg_advisory_unlock_all()"))
        eventually(lambda: not keeper.scalar(waiting))
        keeper.execute(text("DROP FUNCTION gate() CASCADE"))
    eventually(lambda: service.count(run)["sending"])
    assert live.posts() == []
    service.pass_time(A_LEASE)
    service.work()
    service.until(run, paid=5)
    assert once_each(live, run) and len(live.posts()) == 5
