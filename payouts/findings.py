"""What sending itself finds wrong: open rows among the differences, seen with those of the reconciliation."""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.orm import Session

from core.money import Money
from payouts.bank_tables import difference

# Of these a payout that is settled after all is the cure.
CURED_BY_SETTLING = ("unknown_too_old", "twice_there", "differs", "idempotency_error")
_d = difference.c


def note_finding(session: Session, kind: str, subject: str, money: Money, detail: str, now: datetime) -> None:
    """Say it once; while it stays open it is only seen again."""
    said = insert_or(difference).values(
        kind=kind,
        subject=subject,
        currency=money.currency,
        amount=money.micros,
        detail=detail,
        found_at=now,
        seen_at=now,
    )
    session.execute(
        said.on_conflict_do_update(
            index_elements=["kind", "subject"],
            index_where=text("resolved_at IS NULL"),
            set_={"seen_at": now, "detail": detail},
        )
    )


def settle_findings(session: Session, subject: str, now: datetime, person: str | None = None) -> None:
    """What was found about a payout is over, by itself or by a person's decision."""
    open_ = (_d.subject == subject, _d.kind.in_(CURED_BY_SETTLING), _d.resolved_at.is_(None))
    session.execute(update(difference).where(*open_).values(resolved_at=now, resolved_by=person))
