"""One look at one job: which period is due, and if any, run it here."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from core.database import transaction
from jobs.claim import unfinished
from jobs.describe import describe
from jobs.job import Context, Job, Pace
from jobs.periods import due_period
from jobs.run import run_job

log = structlog.get_logger()


class Desk:
    """What this process runs, across its leaderships."""

    def __init__(self, context: Context, pace: Pace) -> None:
        self._context = context
        self._pace = pace
        self._done: dict[
            str, str
        ] = {}  # by job: a period that left no row must not run again in this process
        self._running = 0
        self._changed = threading.Condition()

    def look(self, job: Job, leading: threading.Event) -> None:
        """Run what is due. Raises nothing: a look that fails is repeated by the next.

        `leading` ends with the leadership: looks that still stand in the queue do nothing, and a run stops after
        its step.
        """
        with self._counted():
            if not leading.is_set():
                return
            try:
                self._run_due(job, leading)
            except Exception as error:
                log.warning("look failed", job=job.name, error=describe(error, self._context.settings))

    def _run_due(self, job: Job, leading: threading.Event) -> None:
        due = due_period(job.every, self._context.now(), self._context.settings.zone)
        if self._done.get(job.name) == due:
            return
        period = self._left_over(job) or due
        result = run_job(self._context, job, period, pace=self._pace, stopping=lambda: not leading.is_set())
        if result.state in ("done", "already_done"):
            self._done[job.name] = period

    def _left_over(self, job: Job) -> str | None:
        """A period to finish first. So a frequent job that fails keeps its row and its growing pause.

        A daily job's day is over when the next begins; its claim knows by itself what was left of today.
        """
        if not job.frequent:
            return None
        with transaction(self._context.engine) as session:
            return unfinished(session, job)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing runs here; False when something still does."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)
