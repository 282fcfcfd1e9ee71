"""The scheduler among others of its kind, and through what breaks."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from jobs_child import JOBS, noted
from jobs_help import eventually, rows, working
from sqlalchemy import Engine, text

from core.database import transaction
from jobs import schedule
from jobs.job import Context
from jobs.run import run_job
from jobs.status import Tick, last_tick, list_jobs

TERMINATE = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def tick(engine: Engine) -> Tick | None:
    with transaction(engine) as session:
        return last_tick(session)


def ticks_again(engine: Engine) -> None:
    with transaction(engine) as session:
        now = session.scalar(text("SELECT clock_timestamp()"))
    eventually(lambda: (at := tick(engine)) and at.ticked_at > now)


def test_s1_eight_schedulers_one_daily_job(engine: Engine, child: Callable[..., subprocess.Popen]) -> None:
    """Then the leader is killed, another leads, and the day is still done."""
    child("work", "rest", processes=8)
    eventually(lambda: [row.state for row in rows(engine)] == ["done"])
    for _ in range(2):
        leader = int(tick(engine).holder.rpartition(":")[2])
        os.kill(leader, signal.SIGKILL)
        eventually(lambda leader=leader: not tick(engine).holder.endswith(f":{leader}"))
        ticks_again(engine)
    assert (noted(engine, "begin"), noted(engine, "piece")) == (3, 2)
    assert len(rows(engine)) == 1


def test_s2_the_next_scheduler_takes_over_from_a_killed_one(
    engine: Engine, child: Callable[..., subprocess.Popen]
) -> None:
    child("work", "rest", seconds=0.3, processes=2)
    eventually(lambda: noted(engine, "piece") == 1)
    leader = int(tick(engine).holder.rpartition(":")[2])
    os.kill(leader, signal.SIGKILL)
    eventually(lambda: [row.state for row in rows(engine)] == ["done"])
    assert noted(engine, "piece") == 2


def test_s5_it_ticks_after_each_loss_of_all_connections(
    context: Context, engine: Engine, owner: Engine
) -> None:
    chance = random.Random(5)
    with working(context, JOBS["good"], JOBS["long"]), owner.connect() as connection:
        eventually(lambda: noted(engine, "good"))
        for _ in range(20):
            time.sleep(chance.uniform(0, 0.25))
            connection.execute(TERMINATE)
        done = noted(engine, "good"), noted(engine, "leave")
        ticks_again(engine)
        eventually(lambda: noted(engine, "good") > done[0] and noted(engine, "leave") > done[1])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_s5_a_dead_thread_stops_the_tick_until_it_is_replaced(
    context: Context, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: object) -> None:
        raise MemoryError

    with working(context, JOBS["good"]):
        eventually(lambda: noted(engine, "good"))
        with monkeypatch.context() as patch:
            patch.setattr(schedule.BackgroundScheduler, "_process_jobs", die)
            eventually(lambda: tick(engine).age.total_seconds() > 0.15)
        done = noted(engine, "good")
        eventually(lambda: noted(engine, "good") > done)
        ticks_again(engine)


def test_s8_a_job_longer_than_its_interval_neither_overlaps_nor_piles_up(
    context: Context, engine: Engine
) -> None:
    began = time.monotonic()
    with working(context, JOBS["long"]):
        eventually(lambda: noted(engine, "leave") >= 4)
    took = time.monotonic() - began
    with transaction(engine) as session:
        order = session.scalars(
            text(
                "SELECT split_part(name, ' ', 1) FROM fact WHERE name ~ '^(enter|leave) ' ORDER BY value::timestamptz"
            )
        ).all()
    assert order == ["enter", "leave"] * (len(order) // 2)
    assert len(order) / 2 <= took / 0.35 + 1


def test_s9_a_frozen_scheduler_runs_what_it_missed(
    engine: Engine, child: Callable[..., subprocess.Popen]
) -> None:
    process = child("work", "good")
    eventually(lambda: noted(engine, "good") > 1)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.3)
    done = noted(engine, "good")
    process.send_signal(signal.SIGCONT)
    eventually(lambda: noted(engine, "good") > done)
    ticks_again(engine)


def test_s10_an_unlucky_job_waits_while_others_go_on(context: Context, engine: Engine) -> None:
    began = time.monotonic()
    with working(context, JOBS["bad"], JOBS["good"]):
        eventually(lambda: noted(engine, "bad") >= 3 and noted(engine, "good") >= 5)
    took = time.monotonic() - began
    assert noted(engine, "bad") <= 3 + took
    (row,) = rows(engine)
    assert (row.state, row.attempt) == ("failed", noted(engine, "bad"))
    with transaction(engine) as session:
        bad, good = list_jobs(session, context.now(), context.settings.zone, [JOBS["bad"], JOBS["good"]])
    assert (bad.state, bad.attempt, good.state) == ("failed", row.attempt, None)
    assert bad.error.startswith("RuntimeError") and bad.next_due > context.now()


def test_s11_importing_starts_nothing() -> None:
    code = (
        "import threading, jobs.until_told, jobs.run_now, jobs.status; assert threading.active_count() == 1"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_s12_rows_of_a_job_that_is_gone_do_no_harm(context: Context, engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(
            text(
                "INSERT INTO job_run (job, period, state, alive_at) VALUES"
                " ('gone', 'a', 'running', 'epoch'), ('gone', 'b', 'failed', now()), ('gone', 'c', 'running', now())"
            )
        )
    with working(context, JOBS["good"]):
        eventually(lambda: noted(engine, "good"))
        ticks_again(engine)
    with transaction(engine) as session:
        (line,) = list_jobs(session, context.now(), context.settings.zone, [JOBS["good"]])
    assert line.name == "good"


def test_told_to_stop_it_ends_its_step_and_hands_over_the_rest(
    context: Context, engine: Engine, child: Callable[..., subprocess.Popen]
) -> None:
    process = child("work", "rest", seconds=0.6)
    eventually(lambda: noted(engine, "begin") == 1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert (noted(engine, "begin"), noted(engine, "piece")) == (1, 1)
    (row,) = rows(engine)
    assert run_job(context, JOBS["rest"], row.period).state == "done"
    assert noted(engine, "piece") == 2
