"""Which process does which period: the rows of job_run.

A claim is (row, attempt). Whoever takes a run over raises the attempt, so every later word of the former runner
(alive, done, failed) names an attempt that is gone and does nothing. Times are the database's, not ours: the
clocks of two machines may differ by more than a lease.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql import bindparam

from jobs.hold import Hold
from jobs.job import Job, Pace

MANUAL = "manual-"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run: one attempt at one period."""

    id: int
    attempt: int


# Nothing is claimed while another run of the job is alive, in whatever period: that is the case of a runner whose
# connection, and so its lock, was lost, while its step goes on. Everybody who claims holds the job's lock, so
# nothing slips in between looking and inserting.
_CLAIM = text("""
INSERT INTO job_run AS run (job, period)
SELECT :job, :period
WHERE NOT EXISTS (
    SELECT FROM job_run
    WHERE job = :job AND state = 'running' AND alive_at > clock_timestamp() - make_interval(secs => :lease)
)
ON CONFLICT (job, period) DO UPDATE
SET state = 'running', attempt = run.attempt + 1, started_at = now(), alive_at = now(),
    finished_at = NULL, result = NULL
WHERE run.state = 'running' AND run.alive_at <= clock_timestamp() - make_interval(secs => :lease)
   OR run.state = 'failed' AND run.finished_at <= clock_timestamp()
        - make_interval(secs => least(:first_retry * 2 ^ least(run.attempt - 1, 20), :last_retry))
RETURNING id, attempt
""")
_STATE = text("SELECT state FROM job_run WHERE job = :job AND period = :period")
_UNFINISHED = text(
    "SELECT period FROM job_run WHERE job = :job AND state <> 'done' AND NOT starts_with(period, :manual)"
    " ORDER BY id LIMIT 1"
)
_MINE = "WHERE id = :id AND attempt = :attempt AND state = 'running'"
_ALIVE = text(f"UPDATE job_run SET alive_at = clock_timestamp() {_MINE}")
_FINISH = text(
    "UPDATE job_run SET state = :state, finished_at = clock_timestamp(), alive_at = clock_timestamp(),"
    f" result = :result, error = coalesce(:error, error) {_MINE}"
).bindparams(bindparam("result", type_=JSONB(none_as_null=True)))
_HAND_OVER = text(f"UPDATE job_run SET alive_at = 'epoch' {_MINE}")
_FORGET = text(f"DELETE FROM job_run {_MINE}")


def claim(hold: Hold, job: Job, period: str, pace: Pace) -> Claim | str:
    """The claim, committed; or why there is none: `busy` (it runs), `already_done`, `waiting` (it failed lately)."""
    row = hold.execute(
        _CLAIM,
        job=job.name,
        period=period,
        lease=pace.lease,
        first_retry=pace.first_retry,
        last_retry=pace.last_retry,
    ).one_or_none()
    if row is not None:
        return Claim(row.id, row.attempt)
    state = hold.execute(_STATE, job=job.name, period=period).scalar()
    return {"done": "already_done", "failed": "waiting"}.get(str(state), "busy")


def unfinished(session: Session, job: Job) -> str | None:
    """The oldest period that the scheduler began and nobody finished; a person's own runs are left to persons."""
    period: str | None = session.scalar(_UNFINISHED, {"job": job.name, "manual": MANUAL})
    return period


def alive(hold: Hold, mine: Claim) -> bool:
    """Say that the run goes on. False: it is not ours any more."""
    return _one(hold.execute(_ALIVE, id=mine.id, attempt=mine.attempt))


def finish(
    session: Session, mine: Claim, state: str, counts: dict[str, int] | None, error: str | None
) -> bool:
    """Close the run as `done` or `failed`. `error` stays in the row after a later success, beside the attempts."""
    values = {"state": state, "result": counts, "error": error, "id": mine.id, "attempt": mine.attempt}
    return _one(session.execute(_FINISH, values))


def hand_over(session: Session, mine: Claim) -> bool:
    """Leave the rest of the run to whoever comes next, without waiting for the lease."""
    return _one(session.execute(_HAND_OVER, {"id": mine.id, "attempt": mine.attempt}))


def forget(session: Session, mine: Claim) -> bool:
    """Take back a run that found nothing to do, so that the table stays small."""
    return _one(session.execute(_FORGET, {"id": mine.id, "attempt": mine.attempt}))


def _one(result: Any) -> bool:
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
