"""Run one job for one period: claim, commit, step until nothing is left, record."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import Unavailable
from jobs import claim as claims
from jobs.claim import Claim
from jobs.describe import describe
from jobs.heartbeat import Heartbeat
from jobs.hold import Hold
from jobs.job import Context, Job, Pace

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    `done`, `failed`; `handed_over` (told to stop, the rest is anybody's), `lost` (taken over by another);
    and without a step: `busy` (the job runs elsewhere), `already_done`, `waiting` (it failed lately).
    """

    job: str
    period: str
    state: str
    counts: dict[str, int] = field(default_factory=dict)
    error: str | None = None
    attempt: int = 0
    rounds: int = 0


def _never() -> bool:
    return False


def run_job(
    context: Context,
    job: Job,
    period: str,
    *,
    pace: Pace | None = None,
    stopping: Callable[[], bool] = _never,
    wait: float = 0.0,
) -> RunResult:
    """Run `job` for `period`, if nobody else does or did. `stopping` is asked between steps.

    The claim is committed before the first step, so a step never runs in the name of a row that is not there. Of
    processes that meet here one gets the job's lock; the lock ends with its connection, and the lease in the row
    covers what the lock cannot. `wait`: seconds to wait for a run that goes on elsewhere.

    Raises:
        Unavailable: the claim could not be committed; no step was run.
    """
    pace = pace or Pace()
    with Hold(context.engine, f"job {job.name}", pace.lease) as hold:
        mine = _claim(hold, job, period, pace, wait)
        if isinstance(mine, str):
            return RunResult(job.name, period, mine)
        run = _Run(context, job, period, mine, pace)
        with Heartbeat(hold, mine, pace.lease) as heart:
            error = run.steps(heart, stopping)
        result = run.record(heart.lost.is_set(), error)
    if error is not None and not isinstance(error, Exception):
        raise error  # Ctrl-C and the like: recorded, and not ours to swallow
    return result


def _claim(hold: Hold, job: Job, period: str, pace: Pace, wait: float) -> Claim | str:
    deadline = time.monotonic() + wait
    while True:
        answer = claims.claim(hold, job, period, pace) if hold.take() else "busy"
        if answer != "busy" or time.monotonic() >= deadline:
            return answer
        hold.drop()
        time.sleep(min(0.5, wait))


class _Run:
    """One attempt, from its claim to its record."""

    def __init__(self, context: Context, job: Job, period: str, mine: Claim, pace: Pace) -> None:
        self.context, self.job, self.period, self.mine, self.pace = context, job, period, mine, pace
        self.counts: Counter[str] = Counter()
        self.rounds = 0
        self.stopped = False
        self.log = log.bind(job=job.name, period=period, attempt=mine.attempt)

    def steps(self, heart: Heartbeat, stopping: Callable[[], bool]) -> BaseException | None:
        """Step until nothing is left. What a step raises ends the run, not the process."""
        try:
            while self.rounds < self.pace.rounds:
                counts = self.job.step(self.context)
                self.rounds += 1
                if not any(counts.values()):
                    return None
                self.counts.update(counts)
                if heart.lost.is_set():
                    return None
                if stopping():
                    self.stopped = True
                    return None
            self.log.warning("job not finished", rounds=self.rounds, counts=dict(self.counts))
        except BaseException as error:
            return error
        return None

    def record(self, lost: bool, error: BaseException | None) -> RunResult:
        """Write down how it ended; every statement is fenced by the attempt."""
        counts = {name: count for name, count in self.counts.items() if count}
        text = None if error is None else describe(error, self.context.settings)
        state = "failed" if error is not None else "handed_over" if self.stopped else "done"
        if lost or not self._write(lambda session: self._close(session, state, counts, text)):
            state = "lost"
        tell = {"done": self.log.info if counts else self.log.debug}.get(state, self.log.warning)
        told = {"error": text, "where": _where(error)} if error is not None else {}
        tell(f"job {state.replace('_', ' ')}", counts=counts, rounds=self.rounds, **told)
        return RunResult(self.job.name, self.period, state, counts, text, self.mine.attempt, self.rounds)

    def _close(self, session: Session, state: str, counts: dict[str, int], text: str | None) -> bool:
        if state == "handed_over":
            return claims.hand_over(session, self.mine)
        small = self.job.frequent or self.period.startswith(claims.MANUAL)
        if state == "done" and not counts and small and self.mine.attempt == 1:
            return claims.forget(session, self.mine)
        return claims.finish(session, self.mine, state, counts, text)

    def _write(self, write: Callable[[Session], bool]) -> bool:
        """Outlast a database that restarts; when it does not come back, the lease settles it."""
        for _ in range(10):
            try:
                with transaction(self.context.engine) as session:
                    return write(session)
            except (Unavailable, SQLAlchemyError):
                time.sleep(1)
        return False


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
