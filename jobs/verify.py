"""Prove the books: every check in one snapshot, then a short transaction that keeps what was found."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.database import transaction
from core.settings import Settings
from jobs.checks import all_checks
from jobs.job import Context, Job
from ledger.findings import Found, last_run, record_run
from ledger.seal_chain import Head
from ledger.verify import run_checks

LATELY = timedelta(minutes=10)
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _nobody(done: str) -> None:
    """Nobody watches."""


def verify_all(
    engine: Engine,
    settings: Settings,
    now: Callable[[], datetime],
    progress: Callable[[str], None] = _nobody,
    head: Head | None = None,
) -> tuple[list[Found], int]:
    """Run every check and keep the run. Returns what was found, and how much of it is new.

    `head`: a seal's number and hash that were written down outside.

    Writers go on meanwhile: the snapshot is taken with the first check, and what they write is seen by the next run.
    """
    started_at, checks = now(), all_checks(settings, head)
    with transaction(engine) as session:
        session.connection(execution_options=_SNAPSHOT)
        found = run_checks(session, checks, progress=progress)
    with transaction(engine) as session:
        return record_run(session, [check.name for check in checks], found, started_at, now())


def _done_lately(session: Session, now: datetime) -> bool:
    run = last_run(session)
    return run is not None and abs(now - run.finished_at) < LATELY


def step(context: Context) -> dict[str, int]:
    """One run; none when one ended just now, so that a repeat finds nothing to do."""
    with transaction(context.engine) as session:
        if _done_lately(session, context.now()):
            return {}
    found, new = verify_all(context.engine, context.settings, context.now)
    return {"runs": 1, "findings": len(found), "new": new}


JOB = Job("verify", "daily 04:30", step, "proves the books; a finding stops payouts until somebody looks")
