"""Jobs by hand, the list of them, and the broom."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from jobs_child import HASTE, JOBS, noted
from jobs_help import eventually, rows
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Conflict, NotFound
from jobs import housekeeping
from jobs.job import Context, Job
from jobs.periods import due_period, next_due, spell
from jobs.run_now import run_all, run_now
from jobs.status import last_tick, list_jobs

MOSCOW = ZoneInfo("Europe/Moscow")


def test_one_by_hand_leaves_the_schedule_alone(context: Context, engine: Engine, now: datetime) -> None:
    context = replace(context, now=lambda: now)
    result = run_now(context, "rest", jobs=JOBS.values())
    assert (result.state, result.counts) == ("done", {"pieces": 2})
    assert result.period.startswith("manual-20261102T090000Z-")
    assert run_now(context, "rest", jobs=JOBS.values()).counts == {}
    (row,) = rows(engine)
    with transaction(engine) as session:
        (line,) = list_jobs(session, now, MOSCOW, [JOBS["rest"]])
        assert last_tick(session) is None
    assert (line.period, line.result, line.every) == (row.period, {"pieces": 2}, "daily")
    assert line.next_due == datetime(2026, 11, 2, 21, tzinfo=UTC)


def test_an_unknown_job_is_named(context: Context) -> None:
    with pytest.raises(NotFound, match="housekeeping") as caught:
        run_now(context, "nonsense")
    assert caught.value.code == "unknown_job"


def test_by_hand_waits_for_the_run_that_goes_on(context: Context, engine: Engine) -> None:
    said: list[str] = []
    watched = replace(context, progress=said.append)

    def step(own: Context) -> dict[str, int]:
        time.sleep(0.8)
        return {}

    job = Job("slow", "daily", step, "")
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(run_now, context, "slow", jobs=[job])
        eventually(lambda: rows(engine))
        with pytest.raises(Conflict, match="still running") as caught:
            run_now(watched, "slow", jobs=[job], wait=0)
        assert caught.value.code == "job_running"
        assert run_now(watched, "slow", jobs=[job]).state == "done"
        assert other.result().state == "done"
    assert said == ["Job slow is running already; waiting for it, up to 60 s."]


def test_all_run_in_order_until_a_whole_pass_does_nothing(context: Context) -> None:
    """The first job finds new work only after the last ran: a second pass does it, a third finds nothing."""
    order: list[str] = []
    left = {"a": 2, "b": 1, "c": 0}

    def step(name: str) -> Job:
        def one(_: Context) -> dict[str, int]:
            order.append(name)
            if not left[name]:
                return {"rows": 0}
            left[name] -= 1
            if name == "b":
                left["a"] += 1
            return {"rows": 1}

        return Job(name, "daily", one, "")

    done = run_all(context, jobs=[step("a"), step("b"), step("c")])
    assert done.runs == (("a", {"rows": 3}), ("b", {"rows": 1}), ("c", {}))
    assert (done.passes, done.finished, done.errors) == (3, True, {})
    assert "".join(order) == "aaabbc" + "aabc" + "abc"


def test_all_end_though_one_fails_and_one_never_does(context: Context, engine: Engine) -> None:
    endless = Job("endless", "daily", lambda _: {"rows": 1}, "")
    done = run_all(
        context, jobs=[JOBS["bad"], endless, JOBS["good"]], passes=3, pace=replace(HASTE, rounds=2)
    )
    assert done.errors["bad"].startswith("RuntimeError: no luck")
    assert (done.passes, done.finished) == (3, False)
    assert dict(done.runs)["endless"] == {"rows": 6}
    assert (noted(engine, "bad"), noted(engine, "good")) == (1, 3)


def test_the_broom_removes_what_is_old_and_closes_what_was_left(context: Context, engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(
            text(
                "INSERT INTO job_run (job, period, state, started_at, alive_at, finished_at)"
                " SELECT 'x', state || days, state, at, at, CASE WHEN state <> 'running' THEN at END"
                " FROM unnest(ARRAY['done', 'failed', 'running']) AS state, unnest(ARRAY[0, 6, 8, 89, 91]) AS days,"
                " LATERAL (SELECT now() - make_interval(days => days) AS at) AS moment"
            )
        )
    assert housekeeping.step(context) == {"closed": 4, "removed": 4}
    assert housekeeping.step(context) == {"closed": 0, "removed": 0}
    kept = {row.period: row.state for row in rows(engine)}
    assert {period for period in kept if period[0] == "d"} == {"done0", "done6"}
    assert {period for period in kept if period[0] == "f"} == {"failed0", "failed6", "failed8", "failed89"}
    assert [kept[f"running{days}"] for days in (0, 6, 91)] == ["running", "failed", "failed"]


@pytest.mark.parametrize(
    ("every", "moment", "period", "following"),
    [
        (
            timedelta(seconds=10),
            "2026-11-02T09:00:09.9+00:00",
            "2026-11-02T09:00:00+00:00",
            "2026-11-02T09:00:10+00:00",
        ),
        (
            timedelta(hours=1),
            "2026-11-02T09:59:00+00:00",
            "2026-11-02T09:00:00+00:00",
            "2026-11-02T10:00:00+00:00",
        ),
        ("daily", "2026-11-02T20:59:59+00:00", "2026-11-02", "2026-11-02T21:00:00+00:00"),
        ("daily", "2026-11-02T21:00:00+00:00", "2026-11-03", "2026-11-03T21:00:00+00:00"),
        ("daily 03:30", "2026-11-03T00:29:59+00:00", "2026-11-02", "2026-11-03T00:30:00+00:00"),
        ("daily 03:30", "2026-11-03T00:30:00+00:00", "2026-11-03", "2026-11-04T00:30:00+00:00"),
    ],
)
def test_periods(every: timedelta | str, moment: str, period: str, following: str) -> None:
    at = datetime.fromisoformat(moment)
    assert due_period(every, at, MOSCOW) == period
    assert next_due(every, at, MOSCOW).isoformat() == following


def test_what_is_no_period_is_refused() -> None:
    for every in ("hourly", "daily 24:00", timedelta(0), timedelta(days=1)):
        with pytest.raises(ValueError, match=r"daily|interval"):
            Job("x", every, lambda _: {}, "")
    spelled = [
        spell(every) for every in (timedelta(seconds=10), timedelta(minutes=5), timedelta(hours=2), "daily")
    ]
    assert spelled == ["every 10 s", "every 5 min", "every 2 h", "daily"]
