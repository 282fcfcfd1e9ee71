"""Balances: of named accounts, and the trial balance, now or as of then.

Natural balances: positive on the account's own side (a creator's 5.00 pending is +5.00, though it is a credit).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, select
from sqlalchemy.orm import Session

from core.database import sql
from core.money import Money
from ledger.asof import NOW, AsOf
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


def trial_balance(
    session: Session, at: AsOf = NOW, size: int | None = None, after: Sequence[str] = ("", "")
) -> list[TrialLine]:
    """Every account that had moved by then, by code and currency, or the `size` after a code and currency.

    Their sum is zero in each currency.
    """
    if _nothing(at):
        return []
    given = {"code": after[0], "currency": after[1], "size": size}
    rows = session.execute(_of("trial", at), given | _when(at))
    return [TrialLine(row.code, Money(row.balance, row.currency)) for row in rows]


def trial_totals(session: Session, at: AsOf = NOW) -> dict[str, tuple[int, int]]:
    """By currency: the sum of all balances in micros (zero, or the books are wrong) and the sum of the debit ones."""
    if _nothing(at):
        return {}
    rows = session.execute(_of("trial_totals", at), _when(at))
    return {row.currency: (int(row.total), int(row.debits or 0)) for row in rows}


def _nothing(at: AsOf) -> bool:
    """Is this a moment before anything was recorded?"""
    return at.moment is not None and at.watermark is None


def _of(name: str, at: AsOf) -> TextClause:
    kind = "on" if at.day is not None else "at" if at.watermark is not None else "now"
    return sql("ledger", f"{name}_{kind}")


def _when(at: AsOf) -> dict[str, Any]:
    if at.day is not None:
        return {"day": at.day}
    return {"watermark": at.watermark} if at.watermark is not None else {}
