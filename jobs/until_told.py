"""Work until the process is told to stop (SIGTERM, SIGINT)."""

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from jobs.job import Context, Job, Pace
from jobs.registry import JOBS
from jobs.schedule import work


def work_until_told(context: Context, *, jobs: Sequence[Job] = JOBS, pace: Pace | None = None) -> bool:
    """`work` in a thread; this, the main thread, only listens. True: it ended clean.

    False: a step still runs after `pace.patience`. The interpreter would wait for its thread; the caller ends the
    process with `os._exit` instead, and the lease lets another take the run over. A signal's handler may set no
    `Event`: it may have interrupted this thread inside the event's own lock.
    """
    told: list[int] = []
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda got, _: told.append(got))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    pool = ThreadPoolExecutor(1, "scheduler")
    try:
        future = pool.submit(work, context, stop, jobs=jobs, pace=pace)
        while not wait([future], timeout=0.2).done:
            if told:
                stop.set()
        return future.result()
    finally:
        stop.set()
        pool.shutdown(wait=False)
        for number, handler in before.items():
            signal.signal(number, handler)
