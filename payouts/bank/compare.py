"""Does our bank account stand where the bank's last statement says?"""

from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.money import Money
from ledger import accounts
from ledger.balances import natural
from payouts.bank_tables import bank_statement, difference

KIND = "statement_balance_differs"


def compare_balance(session: Session, account: str, currency: str, now: datetime) -> Money | None:
    """Ours less theirs at the account's last closing balance; None when no statement tells one.

    An open finding is kept while they differ, and ends by itself when they agree.
    """
    column = bank_statement.c
    last = (
        select(column.closing, column.until)
        .where(column.account == account, column.currency == currency, column.closing.is_not(None))
        .order_by(column.until.desc(), column.id.desc())
        .limit(1)
    )
    row = session.execute(last).one_or_none()
    if row is None:
        return None
    code = accounts.bank("bank", currency)
    ours = natural(session, [code], currency)[code]
    off = ours - Money(row.closing, currency)
    subject = f"{code} *{account[-4:]}"
    if off.micros:
        detail = f"Our books say {ours}, the statement up to {row.until} says {Money(row.closing, currency)}."
        _keep(session, subject, off, detail, now)
    else:
        _end(session, subject, now)
    return off


def _keep(session: Session, subject: str, off: Money, detail: str, now: datetime) -> None:
    found = {"amount": off.micros, "detail": detail, "seen_at": now}
    values = {"kind": KIND, "subject": subject, "currency": off.currency, "found_at": now} | found
    session.execute(
        insert(difference)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["kind", "subject"], index_where=text("resolved_at IS NULL"), set_=found
        )
    )


def _end(session: Session, subject: str, now: datetime) -> None:
    this = difference.c.kind == KIND, difference.c.subject == subject, difference.c.resolved_at.is_(None)
    session.execute(update(difference).where(*this).values(resolved_at=now))
