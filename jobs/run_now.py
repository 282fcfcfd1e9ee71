"""Jobs run by a person, now: one to its end, or all until nothing is left."""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from core.errors import Conflict, NotFound
from jobs.claim import MANUAL
from jobs.job import Context, Job, Pace
from jobs.registry import JOBS
from jobs.run import RunResult, run_job

PASSES = 20
WAIT = 60.0


@dataclass(frozen=True, slots=True)
class AllRuns:
    """What `run_all` did: counts by job in the order of the data, and what failed.

    `finished`: the last pass found nothing to do. A job that failed is left out of later passes.
    """

    runs: tuple[tuple[str, dict[str, int]], ...]
    errors: dict[str, str]
    passes: int
    finished: bool


def run_now(
    context: Context, name: str, *, jobs: Sequence[Job] = JOBS, pace: Pace | None = None, wait: float = WAIT
) -> RunResult:
    """Run one job to its end now, whatever its schedule. The result is `done`, `failed` or (taken over) `lost`.

    Raises:
        NotFound: `unknown_job`.
        Conflict: `job_running`, still after `wait` seconds.
        Unavailable: the database does not answer.
    """
    job = next((job for job in jobs if job.name == name), None)
    if job is None:
        raise NotFound("unknown_job", f"No job {name!r}; there are: {', '.join(job.name for job in jobs)}.")
    return _run(context, job, pace, wait)


def run_all(
    context: Context,
    *,
    jobs: Sequence[Job] = JOBS,
    pace: Pace | None = None,
    wait: float = WAIT,
    passes: int = PASSES,
) -> AllRuns:
    """Run all jobs in their order, in passes until a whole one does nothing.

    An unlucky job stops neither the others nor the end: it is reported once.

    Raises:
        Conflict: `job_running`.
        Unavailable: the database does not answer.
    """
    counts: dict[str, Counter[str]] = {job.name: Counter() for job in jobs}
    errors: dict[str, str] = {}
    number, found = 0, True
    while found and number < passes:
        number, found = number + 1, False
        for job in jobs:
            if job.name in errors:
                continue
            result = _run(context, job, pace, wait)
            counts[job.name].update(result.counts)
            found = found or bool(result.counts)
            if result.state != "done":
                errors[job.name] = result.error or f"the run was {result.state}"
    runs = tuple((name, dict(count)) for name, count in counts.items())
    return AllRuns(runs, errors, number, not found)


def _run(context: Context, job: Job, pace: Pace | None, wait: float) -> RunResult:
    """One run under a period of its own, so that it counts for no scheduled one."""
    moment = context.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    period = f"{MANUAL}{moment}-{secrets.token_hex(4)}"
    result = run_job(context, job, period, pace=pace)
    if result.state == "busy" and wait > 0:
        context.progress(f"Job {job.name} is running already; waiting for it, up to {wait:g} s.")
        result = run_job(context, job, period, pace=pace, wait=wait)
    if result.state == "busy":
        raise Conflict("job_running", f"Job {job.name} is still running elsewhere; try again later.")
    return result
