"""The halt: while a check's finding stands that nobody has looked at, no money leaves."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.ids import public_id
from ledger.tables import finding

RETRY_AFTER = 300  # seconds; a person has to look first

HALTING = finding.c.halts & finding.c.acknowledged_at.is_(None)


def refuse_if_halted(session: Session) -> None:
    """Called before payouts are requested, drafted, approved or sent; facts from outside are recorded all the same.

    Raises:
        Unavailable: `ledger_halted`, a finding is not acknowledged.
    """
    row = session.execute(select(finding).where(HALTING).order_by(finding.c.id).limit(1)).one_or_none()
    if row is None:
        return
    public = public_id("fnd", row.id, row.found_at)
    raise Unavailable(
        "ledger_halted",
        f"Payouts are stopped: finding {public}, {row.check}: {row.subject}: {row.detail}. Look into it, then"
        " acknowledge it with a reason (POST /v1/ledger/acknowledge).",
        retry_after=RETRY_AFTER,
        finding=public,
    )
