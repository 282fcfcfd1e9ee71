"""Does our bank account stand where the bank's last statement says?"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.money import Money
from ledger import accounts
from ledger.balances import natural
from payouts.bank_tables import bank_statement
from payouts.note_difference import Found, Kind, end_differences, note_difference

KIND: Kind = "statement_balance_differs"


def compare_balance(session: Session, account: str, currency: str, now: datetime) -> Money | None:
    """Ours less theirs at the account's last closing balance; None when no statement tells one.

    An open difference is kept while they differ, and ends by itself when they agree. Of several statements of the last
    day one that agrees is right: the others show the day before it was over, in whatever order they came.
    """
    code = accounts.bank("bank", currency)
    ours = natural(session, [code], currency)[code]
    column = bank_statement.c
    last = (
        select(column.closing, column.until)
        .where(column.account == account, column.currency == currency, column.closing.is_not(None))
        .order_by(column.until.desc(), (column.closing == ours.micros).desc(), column.id.desc())
        .limit(1)
    )
    row = session.execute(last).one_or_none()
    if row is None:
        return None
    off = ours - Money(row.closing, currency)
    subject = f"{code} *{account[-4:]}"
    if off.micros:
        detail = f"Our books say {ours}, the statement up to {row.until} says {Money(row.closing, currency)}."
        note_difference(session, Found(KIND, subject, off, detail), now)
    else:
        end_differences(session, (KIND,), subject, now)
    return off
