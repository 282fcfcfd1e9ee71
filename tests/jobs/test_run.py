"""One run: its claim, its rounds, its record."""

import dataclasses
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from jobs_child import HASTE, JOBS, context_of, noted
from jobs_help import eventually, rows
from sqlalchemy import Engine, text

from core.database import make_engine, transaction
from core.errors import Unavailable
from jobs.job import Context, Job, Pace
from jobs.run import run_job

NO = (
    "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$",
    "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON job_run DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION no()",
)
SLOW = dataclasses.replace(HASTE, first_retry=30.0)


@pytest.fixture
def full_disk(owner: Engine) -> Iterator[None]:
    """Inserting into job_run goes well until the commit."""
    with transaction(owner) as session:
        for statement in NO:
            session.execute(text(statement))
    yield
    with transaction(owner) as session:
        session.execute(text("DROP FUNCTION no() CASCADE"))


def test_it_steps_until_nothing_is_left(context: Context, engine: Engine) -> None:
    result = run_job(context, JOBS["rest"], "2026-11-02")
    assert (result.state, result.counts, result.rounds, result.attempt) == ("done", {"pieces": 2}, 3, 1)
    (row,) = rows(engine)
    assert (row.state, row.result, row.error) == ("done", {"pieces": 2}, None)
    assert run_job(context, JOBS["rest"], "2026-11-02").state == "already_done"


def test_a_frequent_run_that_found_nothing_leaves_no_row(context: Context, engine: Engine) -> None:
    assert run_job(context, JOBS["good"], "p").state == "done"
    assert rows(engine) == []
    daily = dataclasses.replace(JOBS["good"], every="daily")
    assert run_job(context, daily, "p").state == "done"
    assert [row.state for row in rows(engine)] == ["done"]


def test_a_job_that_never_ends_is_cut_off(context: Context) -> None:
    endless = Job("endless", "daily", lambda _: {"done": 1}, "")
    result = run_job(context, endless, "p", pace=Pace(rounds=7))
    assert (result.state, result.counts) == ("done", {"done": 7})


def test_s1_eight_runners_meet_and_one_runs(database_url: str, engine: Engine) -> None:
    engines = [make_engine(database_url, "Europe/Moscow", pool_size=3) for _ in range(8)]
    barrier = threading.Barrier(8)

    def run(own: Engine) -> str:
        barrier.wait()
        return run_job(context_of(own), JOBS["rest"], "2026-11-02").state

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(run, engines))
    for own in engines:
        own.dispose()
    assert states.count("done") == 1
    assert set(states) <= {"done", "busy", "already_done"}
    assert (noted(engine, "begin"), noted(engine, "piece")) == (3, 2)


def test_s2_a_killed_run_is_taken_over_after_its_lease(
    context: Context, engine: Engine, child: Callable[..., subprocess.Popen]
) -> None:
    process = child("run", "rest", "2026-11-02", seconds=0.3)
    eventually(lambda: noted(engine, "piece") == 1)
    process.kill()
    process.wait()
    assert run_job(context, JOBS["rest"], "2026-11-02", pace=HASTE).state == "busy"
    result = run_job(context, JOBS["rest"], "2026-11-02", pace=HASTE, wait=10)
    assert (result.state, result.attempt) == ("done", 2)
    assert noted(engine, "piece") == 2
    assert [(row.state, row.attempt) for row in rows(engine)] == [("done", 2)]


def test_a_frozen_runner_that_wakes_up_late_changes_nothing(
    context: Context, engine: Engine, child: Callable[..., subprocess.Popen], tmp_path: Path
) -> None:
    """Its connection, and so its lock, is ended by PostgreSQL when its lease is; its finish names an old attempt."""
    process = child("run", "rest", "2026-11-02", seconds=0.3)
    eventually(lambda: noted(engine, "piece") == 1)
    process.send_signal(signal.SIGSTOP)
    result = run_job(context, JOBS["rest"], "2026-11-02", pace=HASTE, wait=10)
    assert (result.state, result.attempt) == ("done", 2)
    before = rows(engine)
    process.send_signal(signal.SIGCONT)
    assert process.wait(10) == 0
    assert (tmp_path / "answer").read_text() == "lost 1"
    assert rows(engine) == before


@pytest.mark.parametrize("end", ["done", "empty", "failed", "stopped"])
def test_a_late_finisher_leaves_the_run_of_its_successor_alone(
    context: Context, engine: Engine, end: str
) -> None:
    """While the former runner ends, in any way, the next attempt is still running in the same row."""

    def step(own: Context) -> dict[str, int]:
        with transaction(own.engine) as session:
            session.execute(text("UPDATE job_run SET attempt = 2"))
        if end == "failed":
            raise RuntimeError
        return {} if end == "empty" else {"rows": 1}

    every = timedelta(hours=1) if end == "empty" else "daily"
    pace = Pace(rounds=1) if end == "done" else HASTE
    result = run_job(context, Job("late", every, step, ""), "p", pace=pace, stopping=lambda: end == "stopped")
    assert result.state == "lost"
    (row,) = rows(engine)
    assert (row.state, row.attempt, row.result, row.error) == ("running", 2, None, None)
    assert row.alive_at.year > 1970


def test_a_long_step_stays_alive_even_when_its_connections_break(
    context: Context, engine: Engine, owner: Engine
) -> None:
    """Longer than the lease, its lock lost in between: nobody else gets in."""

    pace = dataclasses.replace(HASTE, lease=4.0)  # a busy machine may well miss a heartbeat or two

    def step(_: Context) -> dict[str, int]:
        time.sleep(1.5 * pace.lease)
        return {}

    job = Job("sleeper", "daily", step, "")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run_job, context, job, "a", pace=pace)
        eventually(lambda: rows(engine))
        with owner.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        others = set()
        while not future.done():
            others.add(run_job(context, job, "b", pace=pace).state if not future.done() else "busy")
            time.sleep(0.1)
            if rows(engine)[0].state == "done":
                break
        assert future.result().state == "done"
    assert "busy" in others
    first, *rest = rows(engine)
    assert all(row.started_at >= first.finished_at for row in rest)


def test_s3_a_claim_that_cannot_be_committed_runs_nothing(
    context: Context, engine: Engine, full_disk: None
) -> None:
    with pytest.raises(Unavailable):
        run_job(context, JOBS["rest"], "2026-11-02")
    assert (noted(engine, "begin"), rows(engine)) == (0, [])


def test_s10_a_failure_is_recorded_without_secrets_and_tried_again_later(
    context: Context, engine: Engine
) -> None:
    result = run_job(context, JOBS["bad"], "p", pace=SLOW)
    assert result.error == "RuntimeError: no luck with postgresql://***@db/kopeck and ***"
    (row,) = rows(engine)
    assert (row.state, row.error, row.attempt) == ("failed", result.error, 1)
    assert run_job(context, JOBS["bad"], "p", pace=SLOW).state == "waiting"
    assert noted(engine, "bad") == 1


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 30), (2, 60), (5, 480), (6, 900), (5000, 900)])
def test_the_pause_doubles_up_to_a_quarter_of_an_hour(
    context: Context, engine: Engine, attempt: int, seconds: int
) -> None:
    assert Pace().retry_after(attempt) == seconds
    run_job(context, JOBS["bad"], "p")

    def age(by: float) -> None:
        with transaction(engine) as session:
            session.execute(
                text("UPDATE job_run SET attempt = :attempt, finished_at = clock_timestamp() - :age"),
                {"attempt": attempt, "age": timedelta(seconds=by)},
            )

    age(seconds - 5)
    assert run_job(context, JOBS["bad"], "p").state == "waiting"
    age(seconds)
    again = run_job(context, JOBS["bad"], "p")
    assert (again.state, again.attempt) == ("failed", attempt + 1)


def test_a_failure_that_is_over_stays_in_the_row(context: Context, engine: Engine) -> None:
    run_job(context, JOBS["bad"], "p", pace=HASTE)
    mended = dataclasses.replace(JOBS["bad"], step=lambda _: {})
    time.sleep(0.31)
    assert run_job(context, mended, "p", pace=HASTE).state == "done"
    assert [(row.state, row.attempt, row.error is None) for row in rows(engine)] == [("done", 2, False)]


def test_a_run_told_to_stop_is_handed_over_at_once(context: Context, engine: Engine) -> None:
    result = run_job(context, JOBS["rest"], "p", stopping=lambda: True)
    assert (result.state, result.counts) == ("handed_over", {"pieces": 1})
    result = run_job(context, JOBS["rest"], "p")
    assert (result.state, result.counts, result.attempt) == ("done", {"pieces": 1}, 2)


def test_a_database_error_shows_no_parameters(context: Context, engine: Engine) -> None:
    def step(own: Context) -> dict[str, int]:
        with transaction(own.engine) as session:
            session.execute(text("SELECT :iban, 1 / 0"), {"iban": "DE89370400440532013000"})
        return {}

    error = run_job(context, Job("iban", "daily", step, ""), "p").error
    assert error == "DivisionByZero: division by zero (22012)"


def test_ctrl_c_is_recorded_and_passed_on(context: Context, engine: Engine) -> None:
    def step(_: Context) -> dict[str, int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(context, Job("stopped", "daily", step, ""), "p")
    assert [row.state for row in rows(engine)] == ["failed"]
