"""What the jobs did last and when they are due; when the scheduler last breathed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from jobs.claim import MANUAL
from jobs.job import Job, Pace
from jobs.periods import next_due, spell
from jobs.registry import JOBS

_LAST = text(
    "SELECT DISTINCT ON (job) job, period, state, attempt, started_at, finished_at, result, error FROM job_run"
    " WHERE job = ANY(:names) ORDER BY job, started_at DESC, id DESC"
)
_TICK = text(
    "SELECT holder, ticked_at, clock_timestamp() - ticked_at AS age FROM scheduler WHERE name = 'main'"
)


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job and its last run that is worth a row; all of that None when there was none."""

    name: str
    about: str
    every: str
    next_due: datetime
    period: str | None = None
    state: str | None = None
    attempt: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    result: dict[str, int] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """The leader's last sign of life, and how old it is by the database's clock."""

    holder: str
    ticked_at: datetime
    age: timedelta


def list_jobs(session: Session, now: datetime, zone: ZoneInfo, jobs: Sequence[Job] = JOBS) -> list[JobLine]:
    """Every job of this release, in the order of the data. Rows of jobs that are gone are not shown."""
    rows = {row.job: row for row in session.execute(_LAST, {"names": [job.name for job in jobs]})}
    return [_line(job, rows.get(job.name), now, zone) for job in jobs]


def _line(job: Job, row: Any, now: datetime, zone: ZoneInfo) -> JobLine:
    due = next_due(job.every, now, zone)
    if row is None:
        return JobLine(job.name, job.about, spell(job.every), due)
    if row.state == "failed" and not row.period.startswith(MANUAL):
        retry = max(now, row.finished_at + timedelta(seconds=Pace().retry_after(row.attempt)))
        due = retry if job.frequent else min(due, retry)
    return JobLine(
        job.name,
        job.about,
        spell(job.every),
        due,
        row.period,
        row.state,
        row.attempt,
        row.started_at,
        row.finished_at,
        row.result,
        row.error,
    )


def last_tick(session: Session) -> Tick | None:
    """None: no scheduler ever led this database."""
    row = session.execute(_TICK).one_or_none()
    return Tick(row.holder, row.ticked_at, row.age) if row else None
