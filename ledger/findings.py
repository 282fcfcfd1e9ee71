"""What the checks found: kept from the first time on, open until a person acknowledges it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound, Refused
from core.ids import key_of, public_id
from ledger.finding import Finding
from ledger.halt import HALTING
from ledger.tables import finding, verify_run

log = structlog.get_logger()
MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as it is kept; open while `acknowledged_at` is None."""

    key: int
    id: str
    check: str
    subject: str
    detail: str
    halts: bool
    found_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class VerifyRun:
    """One run of the checks: findings by the name of each check that ran."""

    id: str
    started_at: datetime
    finished_at: datetime
    checks: dict[str, int]


def _found(row: Row[Any]) -> Found:
    return Found(
        row.id,
        public_id("fnd", row.id, row.found_at),
        row.check,
        row.subject,
        row.detail,
        row.halts,
        row.found_at,
        row.acknowledged_at,
        row.acknowledged_by,
        row.reason,
    )


def _run(row: Row[Any]) -> VerifyRun:
    return VerifyRun(public_id("ver", row.id, row.started_at), row.started_at, row.finished_at, row.checks)


def record_run(
    session: Session, names: Sequence[str], findings: Sequence[Finding], started_at: datetime, now: datetime
) -> tuple[list[Found], int]:
    """Keep a run of the checks of these names and what it found. Returns its findings, and how many of them are new.

    What was found before stays as it is: a fault that somebody acknowledged does not stop payouts again.
    """
    counts = Counter(each.check for each in findings)
    run = insert(verify_run).values(
        started_at=started_at, finished_at=now, checks=dict.fromkeys(names, 0) | counts
    )
    run_id = session.execute(run.returning(verify_run.c.id)).scalar_one()
    if not findings:
        return [], 0
    rows = [
        {"run_id": run_id, "check": f.check, "subject": f.subject, "detail": f.detail, "halts": f.halts}
        for f in findings
    ]
    kept = session.execute(upsert(finding).values(rows).on_conflict_do_nothing().returning(finding)).all()
    for each in map(_found, kept):
        tell = log.error if each.halts else log.warning
        tell("ledger_finding", finding=each.id, check=each.check, subject=each.subject, detail=each.detail)
    named = tuple_(finding.c.check, finding.c.subject, finding.c.detail)
    same = select(finding).where(named.in_([(f.check, f.subject, f.detail) for f in findings]))
    return [_found(row) for row in session.execute(same.order_by(finding.c.id))], len(kept)


def last_run(session: Session) -> VerifyRun | None:
    """The run that ended last; None: nothing was ever verified."""
    row = session.execute(select(verify_run).order_by(verify_run.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _run(row)


def is_halted(session: Session) -> bool:
    """Does an open finding stop payouts?"""
    return session.execute(select(finding.c.id).where(HALTING).limit(1)).first() is not None


def list_findings(
    session: Session, *, is_open: bool | None = None, limit: int = 100, before: int | None = None
) -> list[Found]:
    """Findings, newest first; all, the open ones, or those that were acknowledged."""
    query = select(finding).order_by(finding.c.id.desc()).limit(limit)
    if is_open is not None:
        at = finding.c.acknowledged_at
        query = query.where(at.is_(None) if is_open else at.is_not(None))
    if before is not None:
        query = query.where(finding.c.id < before)
    return [_found(row) for row in session.execute(query)]


def get_finding(session: Session, finding_id: str) -> Found:
    """Raises:
    NotFound: no such finding.
    """
    row = session.execute(select(finding).where(finding.c.id == key_of("fnd", finding_id))).one_or_none()
    if row is None or public_id("fnd", row.id, row.found_at) != finding_id:
        raise NotFound("not_found", "No such finding.")
    return _found(row)


def acknowledge(session: Session, finding_id: str, by: str, reason: str, now: datetime) -> Found:
    """Say that a person has looked at a finding; it stops payouts no longer, in later runs neither.

    Raises:
        NotFound: no such finding.
        Invalid: `reason_missing`, `reason_too_long`.
        Refused: `already_acknowledged`; of two who do it at once the second is told so.
    """
    if not reason.strip():
        raise Invalid("reason_missing", "Say why payouts may go on.", pointer="/reason")
    if len(reason) > MOST_REASON:
        raise Invalid("reason_too_long", f"A reason has at most {MOST_REASON} characters.", pointer="/reason")
    known = get_finding(session, finding_id)
    changed = session.execute(
        update(finding)
        .where(finding.c.id == known.key, finding.c.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=by, reason=reason)
        .returning(finding)
    ).one_or_none()
    if changed is None:
        raise Refused("already_acknowledged", "Somebody has acknowledged this finding already.")
    return _found(changed)
