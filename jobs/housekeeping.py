"""Keep job_run small: done runs for a week, failed ones for 90 days."""

from datetime import timedelta

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.orm import Session

from core.database import transaction
from jobs.job import Context, Job

# A run that nobody took over: its job is gone from this release, it was a person's own, or the next day began.
_CLOSE = text(
    "UPDATE job_run SET state = 'failed', finished_at = now(), error = 'its process ended without a word'"
    " WHERE state = 'running' AND alive_at < now() - interval '1 hour'"
)
_REMOVE = text(
    "DELETE FROM job_run WHERE id IN (SELECT id FROM job_run WHERE started_at < now() - interval '7 days' AND"
    " (state = 'done' AND finished_at < now() - interval '7 days'"
    " OR state = 'failed' AND finished_at < now() - interval '90 days') LIMIT 10000)"
)


def step(context: Context) -> dict[str, int]:
    """Close what was abandoned, remove up to 10,000 old runs. A repeat finds nothing."""
    with transaction(context.engine) as session:
        return {"closed": _count(session, _CLOSE), "removed": _count(session, _REMOVE)}


def _count(session: Session, statement: TextClause) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


JOB = Job("housekeeping", timedelta(hours=1), step, "removes old rows of finished jobs")
