"""Many at once, and killed in the middle: one effect, and books that balance."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest
from payout_world import World
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from core.database import make_engine, transaction
from core.errors import KopeckError, Refused, Unavailable
from payouts.approve import approve_run
from payouts.cancel import cancel_payout, cancel_run
from payouts.draft import draft_chunk
from payouts.read import get_run, list_payouts, list_runs
from payouts.request import request_run
from payouts.send import send_manual
from payouts.settle import settle

EVERYONE = {"currency": "RUB", "provider": "manual", "until": None, "creators": None, "person": "anna"}


def attempt(world: World, verb: object, *args: object, **options: object) -> str:
    try:
        with transaction(world.engine) as session:
            verb(session, *args, **options)
    except KopeckError as error:
        return error.code
    return "done"


def together(world: World, count: int, verb: object, *args: object, **options: object) -> list[str]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: attempt(world, verb, *args, **options), range(count)))


def test_fifty_ask_for_one_balance(world: World) -> None:
    """One payout, the others refused, while the drafting job runs among them (L1)."""
    world.engine = make_engine(world.engine.url.render_as_string(False), "Europe/Moscow", pool_size=60)
    world.creator("c1", "500.00")
    over = Event()

    def drafting() -> None:
        while not over.is_set():
            attempt(world, draft_chunk, world.now)

    worker = Thread(target=drafting)
    worker.start()
    results = together(world, 50, request_run, **EVERYONE | {"creators": ["c1"]}, now=world.now)
    over.set()
    worker.join()
    world.draft()
    assert results.count("done") == 1
    assert set(results) <= {"done", "run_in_progress", "nothing_payable"}
    with transaction(world.engine) as session:
        [payout] = list_payouts(session, creator="c1")
        assert [run.state for run in list_runs(session)] == ["draft"]
    assert payout.amount.amount == "500.00"
    assert world.pots("c1") == ("0.00", "500.00", "0.00")
    assert world.proved()
    world.engine.dispose()


def test_twenty_settle_one_payout(world: World) -> None:
    world.creator("c1", "10.00")
    world.creator("c2", "10.00")
    one, two = world.payouts(world.sent())
    assert set(together(world, 20, settle, one.id, "paid", "pp", "anna", world.now)) == {"done"}
    with ThreadPoolExecutor(20) as pool:
        outcomes = ["paid", "failed"] * 10
        results = list(
            pool.map(
                lambda o: attempt(world, settle, two.id, o[1], f"r{o[0]}", "anna", world.now),
                enumerate(outcomes),
            )
        )
    assert sorted(set(results)) == ["done", "payout_not_sent"] and results.count("done") == 1
    assert world.pots("c1") in {("0.00", "0.00", "10.00"), ("0.00", "0.00", "20.00")}
    assert world.pots("c2")[1] == "0.00"
    assert world.proved()


def test_the_last_settlements_at_once_end_the_run(world: World) -> None:
    world.many(20)
    run = world.sent()
    with ThreadPoolExecutor(20) as pool:
        payouts = world.payouts(run)
        results = list(
            pool.map(lambda p: attempt(world, settle, p.id, "paid", "x", "anna", world.now), payouts)
        )
    assert set(results) == {"done"}
    assert world.do(get_run, run.id).state == "done"


def test_cancel_and_send_race(world: World) -> None:
    """Cancelled and not sent, or sent and not cancelled; never both (P16)."""
    for i in range(20):
        world.creator(f"c{i}", "10.00")
        run = world.drafted([f"c{i}"])
        world.do(approve_run, run.id, "boris", world.now)
        [payout] = world.payouts(run)
        verb, subject = (cancel_run, run.id) if i % 2 else (cancel_payout, payout.id)
        with ThreadPoolExecutor(2) as pool:
            sent = pool.submit(attempt, world, send_manual, world.now)
            cancelled = pool.submit(attempt, world, verb, subject, "anna", world.now).result()
            sent.result()
        [after] = world.payouts(run)
        assert after.state == ("cancelled" if cancelled == "done" else "sent")
        assert world.pots(f"c{i}")[:2] == (("10.00", "0.00") if cancelled == "done" else ("0.00", "10.00"))
    assert world.proved()


def test_a_posting_lowers_available_while_it_is_drafted(world: World) -> None:
    """The draft has looked, the reversal is not committed yet: the lock waits, the condition refuses, the smaller
    chunk looks again. No payout takes more than there is."""
    world.many(30)
    world.request()
    with transaction(world.engine) as session:
        session.execute(
            text(
                "SELECT entry_id FROM ledger_post('reversal', 'reversal', 'RUB', '2026-11-02', '2026-11-02', NULL,"
                " ARRAY(SELECT id FROM account WHERE code IN ('liabilities\\:creator\\:m000015\\:available',"
                " 'equity\\:opening') ORDER BY code DESC), ARRAY[10000000, -10000000]::bigint[])"
            )
        )
        with ThreadPoolExecutor(1) as pool:
            drafting = pool.submit(attempt, world, draft_chunk, world.now, 1000)
            wait_for_lock(world)
            session.commit()
            assert drafting.result() == "done"
    world.draft()
    [run] = world.do(list_runs)
    assert (run.state, run.payout_count) == ("draft", 30)
    assert world.pots("m000015") == ("0.005678", "2.34", "0.00")
    assert world.pots("m000030") == ("0.005678", "12.34", "0.00")


def wait_for_lock(world: World) -> None:
    """Until some connection waits for another one's lock."""
    waiting = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    for _ in range(200):
        with transaction(world.engine) as session:
            if session.scalar(waiting):
                return
        time.sleep(0.02)
    pytest.fail("nobody waits")


def test_drafting_while_reversals_rain(world: World) -> None:
    world.many(2000)
    world.request()
    over = Event()

    def rain() -> None:
        i = 0
        while not over.is_set():
            i += 1
            world.earn(f"m{i * 37 % 2000 + 1:06d}", "-1.000001")

    worker = Thread(target=rain)
    worker.start()
    ended = time.monotonic() + 60
    while time.monotonic() < ended:
        try:
            with transaction(world.engine) as session:
                if draft_chunk(session, world.now, 500) is None:
                    break
        except (Refused, Unavailable):
            continue
    over.set()
    worker.join()
    with transaction(world.engine) as session:
        [run] = list_runs(session)
        assert (run.state, run.payout_count) == ("draft", 2000)
    assert world.proved()


def test_several_workers_draft_one_run_once(world: World) -> None:
    world.many(3000)
    run = world.request()

    def work(_: int) -> None:
        for _ in range(40):
            attempt(world, draft_chunk, world.now, 100)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    world.draft()
    assert world.do(get_run, run.id).payout_count == 3000


WORKER = """
import sys
from datetime import datetime
from core.database import make_engine, transaction
from payouts.draft import draft_chunk
engine = make_engine(sys.argv[1], "Europe/Moscow")
while True:
    with transaction(engine) as session:
        done = draft_chunk(session, datetime.fromisoformat(sys.argv[2]), 2000)
    if done is None:
        break
    print(done.added, flush=True)
"""


def test_kill_9_while_drafting(world: World) -> None:
    """Killed at three moments of twenty thousand creators, each time inside a chunk; resumed to the end."""
    world.many(20_000)
    run = world.request()
    url = world.engine.url.render_as_string(False)
    for delay in (0.02, 0.1, 0.3):
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, url, world.now.isoformat()],
            stdout=subprocess.PIPE,
            cwd=os.getcwd(),
        )
        assert worker.stdout and worker.stdout.readline()
        time.sleep(delay)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        assert world.proved()
        assert agrees(world)
    while world.do(get_run, run.id).state == "drafting":  # the server may not have missed the last one yet
        world.draft(5000)
    drafted = world.do(get_run, run.id)
    assert (drafted.state, drafted.payout_count) == ("draft", 20_000)
    assert world.pots("m020000") == ("0.005678", "12.34", "0.00")
    assert agrees(world)


def agrees(world: World) -> bool:
    """The run's figures, its payouts and the money in transit say the same."""
    with transaction(world.engine) as session:
        totals = session.execute(
            text(
                "SELECT (SELECT total FROM payout_run) AS run, (SELECT coalesce(sum(amount), 0) FROM payout) AS payouts,"
                " (SELECT -coalesce(sum(b.balance), 0) FROM balance b JOIN account a ON a.id = b.account_id"
                " WHERE a.code LIKE '%in_transit') AS in_transit"
            )
        ).one()
    return totals.run == totals.payouts == totals.in_transit


def test_drafting_and_cancelling_are_set_based(world: World) -> None:
    """A handful of statements a chunk, however many creators; and the tenth chunk in one session is as quick as the
    first (the database would otherwise settle for a plan made for ten rows)."""
    world.many(20_000)
    statements: list[str] = []
    event.listen(world.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    started = time.monotonic()
    with transaction(world.engine) as session:
        run = request_run(session, **EVERYONE, now=world.now)
    state, chunks = "drafting", 0
    with world.engine.connect() as connection:  # one session for all of them
        while state == "drafting":
            with Session(connection) as session, session.begin():
                state = draft_chunk(session, world.now, 2000).run.state
            chunks += 1
    with transaction(world.engine) as session:
        cancel_run(session, run.id, "anna", world.now)
    assert (chunks, time.monotonic() - started < 60) == (11, True)
    assert len(statements) < 20 * (chunks + 2)
    assert world.proved() and world.pots("m000001") == ("12.345678", "0.00", "0.00")
