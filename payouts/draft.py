"""Draft a run: reserve what each creator is to get, a chunk of creators a transaction."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.orm import Session

from core.database import savepoint, sql
from core.errors import Refused
from core.ids import public_id
from ledger.bulk import one_bulk_at_a_time
from ledger.halt import refuse_if_halted
from payouts.payable import IN_TRANSIT, TAX, creator_by_creator, terms
from payouts.settings import get_settings
from payouts.store import Run, day_of, for_many_rows, run_of
from payouts.tables import payout_run

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Progress:
    """The run after this chunk (`drafting`: more to do) and how many payouts the chunk added."""

    run: Run
    added: int


def draft_chunk(session: Session, now: datetime, size: int = CHUNK) -> Progress | None:
    """Reserve for the next `size` creators of the oldest run that is being drafted; None when there is none.

    The caller commits and calls again. Entry, payouts and the run's cursor are one transaction, so a crash at any
    moment loses one chunk at most, and the next call begins where the last commit ended. A run that another
    worker holds is skipped.

    Raises:
        Refused: `insufficient_funds`, somebody's available fell between the look and the lock; call again. The
            chunk is tried in ever smaller parts before, so that one busy creator does not hold up the others.
        Unavailable: `ledger_halted`; the run stays where it is.
    """
    drafting = select(payout_run).where(payout_run.c.state == "drafting").order_by(payout_run.c.id).limit(1)
    run = session.execute(drafting.with_for_update(skip_locked=True)).one_or_none()
    if run is None:
        return None
    refuse_if_halted(session)
    for_many_rows(session)
    one_bulk_at_a_time(session)
    while True:
        try:
            with savepoint(session):
                return _reserve(session, run, now, size)
        except Refused:
            if size == 1:
                raise
            size = max(size // 10, 1)


def _reserve(session: Session, run: Row[Any], now: datetime, size: int) -> Progress:
    day = day_of(session, now)
    found = _choose(session, run, day, size)
    added = session.execute(
        sql("payouts", "draft"),
        {
            "run": run.id,
            "currency": run.currency,
            "in_transit": IN_TRANSIT,
            "tax": TAX,
            "key": f"payout_run:{run.id}:{found.first}",
            "note": public_id("run", run.id, run.created_at),
            "day": day,
            "now": now,
        },
    ).one()
    assert added.payouts == found.creators, "every creator of a chunk has a payout"
    return Progress(_advance(session, run, added, ended=found.creators < size), added.payouts)


def _choose(session: Session, run: Row[Any], day: date, size: int) -> Row[Any]:
    """Put the chunk's creators into `drafted`, a temporary table: one snapshot of amounts and destinations, and
    statistics, without which the planner joins ten thousand rows as if they were one."""
    settings = get_settings(session, run.currency)
    asked = terms(
        settings,
        run.provider,
        day,
        until=run.until,
        creators=run.creators,
        after=run.drafted_to or "",
        size=size,
    )
    session.execute(text("DROP TABLE IF EXISTS pg_temp.drafted"))
    made = text(f"CREATE TEMPORARY TABLE drafted ON COMMIT DROP AS\n{sql('payouts', 'payable').text}")
    with creator_by_creator(session):
        session.execute(made, asked)
    session.execute(text("ANALYZE drafted"))
    return session.execute(text("SELECT count(*) AS creators, min(creator) AS first FROM drafted")).one()


def _advance(session: Session, run: Row[Any], added: Row[Any], *, ended: bool) -> Run:
    count = payout_run.c.payout_count + added.payouts
    values = {
        "payout_count": count,
        "total": payout_run.c.total + added.total,
        "drafted_to": func.coalesce(added.last, payout_run.c.drafted_to),
    }
    if ended:
        values["state"] = "draft" if run.payout_count + added.payouts else "cancelled"
    changed = update(payout_run).where(payout_run.c.id == run.id).values(**values).returning(payout_run)
    return run_of(session.execute(changed).one())
