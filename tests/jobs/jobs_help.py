"""Waiting, looking, and a scheduler in a thread."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jobs_child import HASTE
from sqlalchemy import Engine, Row, text

from core.database import transaction
from jobs.job import Context, Job
from jobs.schedule import work


def eventually(happened: Callable[[], Any], seconds: float = 20) -> Any:
    """What `happened` says as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (said := happened()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.03)
    return said


def rows(engine: Engine) -> list[Row]:
    with transaction(engine) as session:
        return list(session.execute(text("SELECT * FROM job_run ORDER BY id")))


@contextmanager
def working(context: Context, *jobs: Job) -> Iterator[None]:
    """A scheduler in a thread; it must end clean."""
    stop, ends = threading.Event(), []
    thread = threading.Thread(target=lambda: ends.append(work(context, stop, jobs=jobs, pace=HASTE)))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert ends == [True]
