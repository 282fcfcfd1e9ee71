"""Put our books beside the provider's and the bank's, and keep what does not agree.

One after the other: `compare_since` (a short transaction), the provider's list (no transaction), `reconcile` (one
transaction, which sees all of our side at once).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.orm import Session

from core.database import sql
from core.errors import NotFound
from core.ids import key_of, public_id
from core.money import Money
from payouts.bank.compare import compare_balance
from payouts.bank_tables import bank_statement, difference
from payouts.note_difference import NO_AMOUNT, Found, Kind, keep_differences
from payouts.reconcile_stripe import stage
from payouts.reconcile_tables import reconciliation
from payouts.tables import payout, payout_run

WINDOW = timedelta(days=90)
MOST = 10_000  # differences of one look: more of them is one cause, not so many
BY_PROVIDER: tuple[Kind, ...] = (
    "paid_here_not_there",
    "paid_there_not_here",
    "differs",
    "twice_there",
    "reversed_there_not_here",
)
BY_US: tuple[Kind, ...] = ("unknown_too_old", "sent_too_long", "unmatched_line")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one look came to: `new` and `over` are of those that are kept."""

    found: int
    new: int
    over: int


def compare_since(session: Session, now: datetime) -> datetime:
    """From when on transfers are listed: the last 90 days, and as far back as an open difference with Stripe began."""
    open_ = (difference.c.resolved_at.is_(None), difference.c.kind.in_(BY_PROVIDER))
    rows = session.execute(select(difference.c.subject, difference.c.found_at).where(*open_)).all()
    keys = [key for row in rows if (key := _key(row.subject)) is not None]
    began = session.scalar(select(func.min(payout.c.created_at)).where(payout.c.id.in_(keys)))
    oldest = min((row.found_at for row in rows), default=now)
    return min(now - WINDOW, oldest - WINDOW, (began or now) - timedelta(days=1))


def reconcile(
    session: Session, transfers: IO[str] | None, since: datetime, listed_at: datetime, now: datetime
) -> Reconciled:
    """Compare all there is; `transfers` are those that Stripe has `since` then, spooled from `listed_at` on. None: it was
    not asked or did not answer, and what was found there before stays as it is.
    """
    stage(session, transfers)
    found = [
        _ours(row) for row in session.execute(sql("payouts", "reconcile_ours"), {"now": now, "most": MOST})
    ]
    given = {"since": since, "listed_at": listed_at, "most": MOST}
    if transfers is not None:
        found += [_theirs(row) for row in session.execute(sql("payouts", "reconcile_provider"), given)]
    complete = transfers is not None or not _uses_stripe(session)
    checked = BY_US + (BY_PROVIDER if complete else ())
    new, over = keep_differences(session, _once(found), checked, now)
    _compare_balances(session, now)
    _keep_figures(session, since, complete, now)
    return Reconciled(len(found), new, over)


def _uses_stripe(session: Session) -> bool:
    run = payout_run.c
    asked = select(run.id).where(run.provider == "stripe", run.state.in_(("sending", "done")))
    return session.scalar(asked.limit(1)) is not None


def _once(found: list[Found]) -> list[Found]:
    return list({(each.kind, each.subject): each for each in found}.values())


def _key(subject: str) -> int | None:
    try:
        return key_of("po", subject)
    except NotFound:
        return None


def _ours(row: Row[Any]) -> Found:
    subject = (
        public_id("po", row.payout_id, row.created_at)
        if row.line_id is None
        else public_id("line", row.line_id, row.created_at)
    )
    return Found(row.kind, subject, Money(row.amount, row.currency), row.detail, row.since)


def _theirs(row: Row[Any]) -> Found:
    subject = row.transfer if row.payout_id is None else public_id("po", row.payout_id, row.created_at)
    return Found(row.kind, subject, Money(row.amount, row.currency), row.detail)


def _compare_balances(session: Session, now: datetime) -> None:
    column = bank_statement.c
    for row in session.execute(select(column.account, column.currency).distinct()):
        compare_balance(session, row.account, row.currency, now)


def _keep_figures(session: Session, since: datetime, complete: bool, now: datetime) -> None:
    rows = session.execute(sql("payouts", "reconcile_figures"), {"since": since}).all()
    last = session.scalar(select(func.max(bank_statement.c.id)))
    run = {"at": now, "since": since, "complete": complete, "statement_id": last}
    kept = [
        run
        | {
            "currency": row.currency,
            "ledger": row.ledger,
            "provider": row.provider if complete else None,
            "bank": row.bank,
            "payouts": row.payouts,
        }
        for row in rows
    ]
    none = run | {"currency": NO_AMOUNT.currency} | dict.fromkeys(("ledger", "bank", "payouts"), 0)
    session.execute(insert(reconciliation), kept or [none])
