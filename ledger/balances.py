"""Balances: of named accounts, of all, and the trial balance.

Natural balances: positive on the account's own side (a creator's 5.00 pending is +5.00, though it is a credit).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.money import Money
from ledger.tables import account, balance


def natural(session: Session, codes: Sequence[str], currency: str) -> dict[str, Money]:
    """Natural balance by account code; zero for an account that was never opened."""
    rows = session.execute(
        select(account.c.code, (balance.c.balance * balance.c.normal).label("balance"))
        .join(balance, balance.c.account_id == account.c.id)
        .where(account.c.code.in_(codes), account.c.currency == currency)
    )
    found = {row.code: Money(row.balance, currency) for row in rows}
    return {code: found.get(code, Money(0, currency)) for code in codes}


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One account's balance: debit positive."""

    code: str
    money: Money


_TRIAL = text(
    "SELECT a.code, a.currency, b.balance FROM balance b JOIN account a ON a.id = b.account_id"
    " WHERE b.version > 0 ORDER BY a.currency, a.code"
)
_TOTALS = text(
    "SELECT a.currency, sum(b.balance) AS total, sum(b.balance) FILTER (WHERE b.balance > 0) AS debits"
    " FROM balance b JOIN account a ON a.id = b.account_id GROUP BY a.currency ORDER BY a.currency"
)


def trial_balance(session: Session) -> list[TrialLine]:
    """Every account that ever moved; their sum is zero in each currency."""
    return [TrialLine(row.code, Money(row.balance, row.currency)) for row in session.execute(_TRIAL)]


def trial_totals(session: Session) -> dict[str, tuple[int, int]]:
    """By currency: the sum of all balances in micros (zero, or the books are wrong) and the sum of the debit ones."""
    return {row.currency: (int(row.total), int(row.debits or 0)) for row in session.execute(_TOTALS)}
