"""Jobs for the tests, and processes of their own that run them: `jobs_child.py URL run|work JOB [PERIOD]`.

`PROCESSES` in the environment: so many of them, forked after the imports and before any thread or connection.

A step leaves its evidence as rows of `fact`, committed one by one.
"""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from core.database import make_engine, transaction
from core.secrets import vault_of
from core.settings import load_settings
from jobs.job import Context, Job, Pace
from jobs.run import run_job
from jobs.until_told import work_until_told

HASTE = Pace(lease=1.0, first_retry=0.3, last_retry=1.0, look=0.1, tick=0.1, patience=5.0)


def context_of(engine: Engine) -> Context:
    return Context(engine, load_settings({"KOPECK_HOME": "/nowhere"}), vault_of(b"k" * 32))


def note(context: Context, kind: str) -> None:
    with transaction(context.engine) as session:
        session.execute(
            text("INSERT INTO fact SELECT :kind || ' ' || gen_random_uuid(), clock_timestamp()::text"),
            {"kind": kind},
        )


def noted(engine: Engine, kind: str) -> int:
    with transaction(engine) as session:
        return session.scalar(
            text("SELECT count(*) FROM fact WHERE starts_with(name, :kind)"), {"kind": kind}
        )


def rest(context: Context) -> dict[str, int]:
    """Two pieces of work in all; each takes `SECONDS`."""
    note(context, "begin")
    time.sleep(float(os.environ.get("SECONDS", "0")))
    if noted(context.engine, "piece") >= 2:
        return {}
    note(context, "piece")
    return {"pieces": 1}


def long(context: Context) -> dict[str, int]:
    """Overlaps are seen: how many are inside at once."""
    note(context, "enter")
    time.sleep(0.35)
    note(context, "leave")
    return {}


def bad(context: Context) -> dict[str, int]:
    note(context, "bad")
    raise RuntimeError("no luck with postgresql://kopeck:hunter2@db/kopeck and sk_live_abc123")


def good(context: Context) -> dict[str, int]:
    note(context, "good")
    return {}


JOBS = {
    job.name: job
    for job in (
        Job("rest", "daily", rest, "two pieces of work"),
        Job("long", timedelta(seconds=0.1), long, "takes longer than its interval"),
        Job("bad", timedelta(seconds=0.1), bad, "always fails"),
        Job("good", timedelta(seconds=0.1), good, "finds nothing"),
    )
}


def main(url: str, what: str, name: str, period: str = "") -> int:
    for _ in range(int(os.environ.get("PROCESSES", "1")) - 1):
        if os.fork() == 0:
            break
    context = context_of(make_engine(url, "Europe/Moscow"))
    if what == "run":
        result = run_job(context, JOBS[name], period, pace=HASTE)
        Path(os.environ["ANSWER"]).write_text(f"{result.state} {result.attempt}")
        return 0
    return 0 if work_until_told(context, jobs=[JOBS[name]], pace=HASTE) else 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
