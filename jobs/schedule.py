"""The scheduler process: one leader in a database looks at every job, again and again.

What is due, what failed and what was left half done stands in job_run, not in this process; so a leader may end at
any moment and the next one knows everything. APScheduler only wakes the looks, from memory.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Sequence

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]
from sqlalchemy import text

from core import clock
from jobs.describe import describe
from jobs.desk import Desk
from jobs.hold import Hold
from jobs.job import Context, Job, Pace
from jobs.registry import JOBS

THREADS = 4
log = structlog.get_logger()

_TICK = text(
    "INSERT INTO scheduler (name, holder, ticked_at) VALUES ('main', :holder, clock_timestamp())"
    " ON CONFLICT (name) DO UPDATE SET holder = :holder, ticked_at = clock_timestamp()"
)


def work(
    context: Context, stop: threading.Event, *, jobs: Sequence[Job] = JOBS, pace: Pace | None = None
) -> bool:
    """Lead, or wait to lead, until `stop`; then wait for the running steps, `pace.patience` seconds at most.

    Whatever breaks (the database restarts, the scheduler's thread dies) ends the leadership, not this function:
    it competes again. True: nothing of ours runs any more.
    """
    pace = pace or Pace()
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns at each look at a job that takes long
    desk = Desk(context, pace)
    while not stop.is_set():
        try:
            with Hold(context.engine, "scheduler", 5 * pace.tick) as hold:
                if hold.take():
                    _lead(hold, desk, jobs, pace, stop)
        except Exception as error:
            log.warning("scheduler interrupted", error=describe(error, context.settings))
        stop.wait(pace.tick)
    clean = desk.wait(pace.patience)
    log.info("scheduler stopped", clean=clean)
    return clean


def _lead(hold: Hold, desk: Desk, jobs: Sequence[Job], pace: Pace, stop: threading.Event) -> None:
    """Wake the looks and tick, on the connection that holds the leader's lock: no lock, no tick.

    The tick also stands for APScheduler's thread: it dies silently, so it has to give a pulse.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}"
    leading = threading.Event()
    leading.set()
    pulse = _Pulse()
    clockwork = _clockwork(desk, jobs, pace, leading, pulse)
    hold.execute(_TICK, holder=holder)
    clockwork.start()
    log.info("scheduler leads", holder=holder)
    try:
        while not stop.wait(pace.tick):
            if pulse.age() > 5 * pace.tick:
                raise RuntimeError("the scheduler's thread gave no pulse")
            hold.execute(_TICK, holder=holder)
    finally:
        leading.clear()
        clockwork.shutdown(wait=False)


class _Pulse:
    def __init__(self) -> None:
        self.beat()

    def beat(self) -> None:
        self._at = time.monotonic()

    def age(self) -> float:
        return time.monotonic() - self._at


def _clockwork(
    desk: Desk, jobs: Sequence[Job], pace: Pace, leading: threading.Event, pulse: _Pulse
) -> BackgroundScheduler:
    """APScheduler with its traps disarmed: nothing is too late to run, late looks become one, none overlap."""
    clockwork = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(THREADS), "pulse": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    clockwork.add_job(pulse.beat, IntervalTrigger(seconds=pace.tick), id="pulse", executor="pulse")
    for job in jobs:
        seconds = pace.look if isinstance(job.every, str) else min(pace.look, job.every.total_seconds())
        trigger = IntervalTrigger(seconds=seconds)
        clockwork.add_job(desk.look, trigger, (job, leading), id=f"job {job.name}", next_run_time=clock.now())
    return clockwork
